# SPDX-License-Identifier: BSD-3-Clause
"""What a guest boots: Debian's kernel, taken out of its package and not installed, and an initial
RAM disk with just enough to mount the host's files.  Both are kept in the build folder."""

import glob
import os
import shutil
import subprocess

from . import guest_vfio
from .netns import CommandError, sh

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.abspath(os.path.join(HERE, "../.."))
BUILD = os.environ.get("STEELYARD_BUILD", os.path.join(ROOT, "build"))
FOLDER = os.path.join(BUILD, "guest")
QEMU = "qemu-system-x86_64"
TOOLS = (QEMU, "busybox", "modprobe", "depmod", "cpio", "dpkg-deb", "apt-get", "make")
# The cloud's kernel is smaller but lacks the e1000e driver, to which a card is to be given back.
METAPACKAGE = "linux-image-amd64"
MODULES = ("virtio_pci", "virtio_console", "9p", "9pnet_virtio", "overlay")
PATIENCE_S = 300  # for the network


class Missing(Exception):
    """There can be no guest on this host; the text says why."""


class Image:
    def __init__(self, folder, version):
        self.version = version
        self.kernel = f"{folder}/boot/vmlinuz-{version}"
        self.modules = f"{folder}/lib/modules"
        self.initrd = f"{folder}/initrd"
        self.vfio = None  # a vfio module that does without an IOMMU
        self.why_no_vfio = ""


def image():
    """The image, made when there is none yet; raises Missing."""
    absent = [tool for tool in TOOLS if not shutil.which(tool)]
    if absent:
        raise Missing(f"{', '.join(absent)} cannot be installed here (tools/setup guest says why)")
    kernels = glob.glob(f"{FOLDER}/boot/vmlinuz-*")
    if not kernels:
        try:
            _fetch()
        except (CommandError, subprocess.TimeoutExpired, OSError) as error:
            raise Missing(f"the kernel {METAPACKAGE} cannot be had: {error}") from None
        kernels = glob.glob(f"{FOLDER}/boot/vmlinuz-*")
    found = Image(FOLDER, os.path.basename(kernels[0]).removeprefix("vmlinuz-"))
    _make_initrd(found)
    try:
        found.vfio = guest_vfio.build(f"{FOLDER}/vfio", found.version)
    except (CommandError, subprocess.TimeoutExpired, OSError) as error:
        found.why_no_vfio = str(error)
    return found


def _fetch():
    """The package's files, in a folder that has its name only once it is complete."""
    scratch = f"{FOLDER}.new"
    shutil.rmtree(scratch, ignore_errors=True)
    os.makedirs(scratch)
    package = _package()
    sh("sh", "-c", f"cd '{scratch}' && apt-get -q download {package}", timeout=PATIENCE_S)
    archive = glob.glob(f"{scratch}/*.deb")[0]
    sh("dpkg-deb", "--extract", archive, scratch, timeout=PATIENCE_S)
    os.unlink(archive)
    version = package.removeprefix("linux-image-")
    sh("depmod", "--basedir", scratch, version, timeout=PATIENCE_S)
    shutil.rmtree(FOLDER, ignore_errors=True)
    os.rename(scratch, FOLDER)


def _package():
    """The newest kernel, by what the metapackage depends on."""
    for attempt in range(2):
        lines = sh("apt-cache", "depends", METAPACKAGE, check=False).splitlines()
        names = [line.split()[1] for line in lines if "Depends: linux-image-" in line]
        if names:
            return names[0]
        if attempt == 0:
            sh("apt-get", "-q", "update", timeout=PATIENCE_S)
    raise CommandError(f"apt knows no {METAPACKAGE}")


def _make_initrd(found):
    """busybox, the init script, and the modules that it loads with those that they need."""
    root = f"{FOLDER}/initrd.d"
    shutil.rmtree(root, ignore_errors=True)
    for folder in ("bin", "proc", "sys", "dev"):
        os.makedirs(f"{root}/{folder}")
    shutil.copy(shutil.which("busybox"), f"{root}/bin/busybox")
    shutil.copy(f"{HERE}/guest/init", f"{root}/init")
    for module in MODULES:
        listed = sh("modprobe", "--dirname", FOLDER, "--set-version", found.version,
                    "--show-depends", module)
        for path in (line.split()[1] for line in listed.splitlines()):
            there = root + path.removeprefix(FOLDER)
            os.makedirs(os.path.dirname(there), exist_ok=True)
            shutil.copy(path, there)
    sh("depmod", "--basedir", root, found.version)
    sh("sh", "-c", f"cd '{root}' && find . | cpio --quiet --create --format newc > '{found.initrd}'")
