/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SY_FORWARD_MODES_H
#define SY_FORWARD_MODES_H

/* The rows of the table, one file each. */
#include "sy/forward.h"

extern const struct sy_forward sy_forward_nat;
extern const struct sy_forward sy_forward_fullnat;
extern const struct sy_forward sy_forward_dr;
extern const struct sy_forward sy_forward_ipip;
extern const struct sy_forward sy_forward_gre;
extern const struct sy_forward sy_forward_gue;
extern const struct sy_forward sy_forward_vxlan;
extern const struct sy_forward sy_forward_l3dsr;
extern const struct sy_forward sy_forward_snat;

#endif /* SY_FORWARD_MODES_H */
