# SPDX-License-Identifier: BSD-3-Clause
"""vfio as a kernel with CONFIG_VFIO_NOIOMMU has it.  Debian's kernels lack the option, so this one
module is built anew, from Debian's source and headers of the very kernel that the guest boots."""

import glob
import os
import shutil

from .netns import sh

PATIENCE_S = 300
SOURCES = "vfio_main container iova_bitmap"


def _unpack(folder, version):
    """Headers and sources, below `folder`; returns the folder of vfio's sources."""
    series = ".".join(version.split(".")[:2])
    common = version.rsplit("-", 1)[0] + "-common"
    sh("sh", "-c", f"cd '{folder}' && apt-get -q download linux-headers-{version} "
                   f"linux-headers-{common} linux-kbuild-{series} linux-source-{series}",
       timeout=PATIENCE_S)
    for archive in glob.glob(f"{folder}/*.deb"):
        sh("dpkg-deb", "--extract", archive, folder, timeout=PATIENCE_S)
    sh("tar", "--extract", "--file", f"{folder}/usr/src/linux-source-{series}.tar.xz",
       "--directory", folder, f"linux-source-{series}/drivers/vfio", timeout=PATIENCE_S)
    return f"{folder}/linux-source-{series}/drivers/vfio", f"{folder}/usr/src/linux-headers-{common}"


def build(folder, version):
    """Makes `folder`/vfio.ko for this kernel, unless it is there; raises what its commands do."""
    module = f"{folder}/vfio.ko"
    if os.path.exists(module):
        return module
    shutil.rmtree(folder, ignore_errors=True)
    scratch = f"{folder}/scratch"
    os.makedirs(scratch)
    vfio, headers = _unpack(scratch, version)
    with open(f"{vfio}/Makefile", "w", encoding="ascii") as file:
        objects = " ".join(f"{name}.o" for name in SOURCES.split())
        file.write(f"obj-m := vfio.o\nvfio-y := {objects}\n")
    sh("make", "-C", headers, f"O={scratch}/usr/src/linux-headers-{version}", f"M={vfio}",
       "KCFLAGS=-DCONFIG_VFIO_NOIOMMU=1", "modules", timeout=PATIENCE_S)
    os.rename(f"{vfio}/vfio.ko", module)
    shutil.rmtree(scratch)
    return module
