#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# drivers-config/bind on a machine made of files: what it would do, and what it
# refuses.  Prints TAP.  Nothing outside the scratch folder is written.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bind=$here/../../drivers-config/bind
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export STEELYARD_ROOT=$scratch/root
root=$STEELYARD_ROOT
unset SSH_CONNECTION
n=0

# expect NAME STATUS WORDS ARGUMENT...: bind exits so and says each line of WORDS.
expect() {
	local name=$1 wanted=$2 words=$3 output status line missing=''
	shift 3
	output=$("$bind" "$@" 2>&1)
	status=$?
	n=$((n + 1))
	while IFS= read -r line; do
		[[ $output == *"$line"* ]] || missing+="$line;"
	done <<<"$words"
	if ((status == wanted)) && [[ -z $missing ]]; then
		echo "ok $n - port_bind: $name"
		return
	fi
	echo "not ok $n - port_bind: $name"
	echo "# status $status (wanted $wanted), lacks '$missing' in:"
	# shellcheck disable=SC2001
	sed 's/^/#   /' <<<"$output"
}

# holds NAME FILE TEXT
holds() {
	n=$((n + 1))
	if [[ $(cat "$root$2" 2>/dev/null) == "$3" ]]; then
		echo "ok $n - port_bind: $1"
	else
		echo "not ok $n - port_bind: $1"
		echo "# $2 holds '$(cat "$root$2" 2>&1)'"
	fi
}

# file PATH TEXT: below the root.
file() {
	mkdir -p "$(dirname "$root$1")"
	printf '%s\n' "$2" >"$root$1"
}

# device ADDRESS CLASS DRIVER INTERFACE GROUP: '' leaves one out.
device() {
	local folder=/sys/bus/pci/devices/$1
	file "$folder/class" "$2"
	file "$folder/vendor" 0x8086
	file "$folder/device" 0x1572
	file "$folder/numa_node" 0
	file "$folder/driver_override" '(null)'
	file "$folder/irq" 16
	if [[ -n $3 ]]; then
		mkdir -p "$root/sys/bus/pci/drivers/$3"
		: >"$root/sys/bus/pci/drivers/$3/unbind"
		ln -sfn "$root/sys/bus/pci/drivers/$3" "$root$folder/driver"
	fi
	if [[ -n $4 ]]; then
		mkdir -p "$root$folder/net/$4" "$root/sys/class/net/$4"
	fi
	if [[ -n $5 ]]; then
		mkdir -p "$root/sys/kernel/iommu_groups/$5/devices"
		file "/sys/kernel/iommu_groups/$5/type" DMA-FQ
		ln -sfn "$root$folder" "$root/sys/kernel/iommu_groups/$5/devices/$1"
		ln -sfn "$root/sys/kernel/iommu_groups/$5" "$root$folder/iommu_group"
	fi
}

pages() {
	local folder=/sys/devices/system/node/node$1/hugepages/hugepages-$2kB
	file "$folder/nr_hugepages" "$3"
	file "$folder/free_hugepages" "$4"
}

device 0000:01:00.0 0x020000 igb eth0 1
device 0000:02:00.0 0x020000 i40e eth1 2
device 0000:02:00.1 0x020000 i40e eth2 2
device 0000:03:00.0 0x020000 mlx5_core eth3 3
device 0000:04:00.0 0x010802 nvme '' 4
device 0000:05:00.0 0x020000 ixgbe eth5 ''
device 0000:06:00.0 0x020000 vfio-pci '' 6
device 0000:07:00.0 0x020000 bnxt eth7 7
device 0000:08:00.0 0x020000 uio_pci_generic '' ''
device 0000:09:00.0 0x020000 iavf eth9 ''
file /sys/bus/pci/devices/0000:09:00.0/irq 0
device 0000:0a:00.0 0x020000 virtio-pci '' 8
file /sys/bus/pci/devices/0000:0a:00.0/virtio0/features \
	1111011111111111111101110000110110000000000000000000000000000000
mkdir -p "$root/sys/class/iommu/dmar0" "$root/sys/class/net/eth7/upper_br0" "$root/sys/class/net/br0"
file /proc/net/route "$(printf 'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\neth0\t00000000\t0102000A\t0003\t0\t0\t0\t00000000\neth1\t0002000A\t00000000\t0001\t0\t0\t0\t00FFFFFF')"
file /proc/net/ipv6_route "00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003      br0"
file /proc/meminfo "MemAvailable:    8388608 kB"
file /sys/module/vfio/parameters/enable_unsafe_noiommu_mode N
: >"$root/sys/bus/pci/drivers_probe"
pages 0 2048 10 4
pages 1 2048 0 0
pages 0 1048576 0 0

expect 'list shows what is to be done with each device' 0 \
	"0000:01:00.0  8086:1572  igb          eth0             0     in use
0000:02:00.1  8086:1572  i40e         eth2             0     bind vfio 0000:02:00.1
ready: mlx5 stays with the kernel
ready: bound to vfio-pci
ready: bound to uio_pci_generic" list
expect 'the device with the default route is refused' 1 \
	'carries the default route or this SSH session (eth0)' --dry-run vfio 0000:01:00.0
expect 'a device below a bridge with the IPv6 default route is refused' 1 'eth7' \
	--dry-run vfio 07:00.0
expect '--force takes it all the same' 0 '+ ip link set eth0 down' --dry-run --force vfio 01:00.0
expect 'a device is taken in the right order, and its group looked at' 0 \
	"+ modprobe vfio-pci
0000:02:00.1 is in the same IOMMU group and bound to i40e
+ ip link set eth1 down
+ echo i40e > $root/run/steelyard/bind/0000:02:00.0
+ echo vfio-pci > $root/sys/bus/pci/devices/0000:02:00.0/driver_override
+ echo 0000:02:00.0 > $root/sys/bus/pci/devices/0000:02:00.0/driver/unbind
+ echo 0000:02:00.0 > $root/sys/bus/pci/drivers_probe" --dry-run vfio 02:00.0
holds 'a dry run changes nothing' /sys/bus/pci/devices/0000:02:00.0/driver_override '(null)'
expect 'without an IOMMU the unsafe mode is turned on with a warning' 0 \
	"warning: 0000:05:00.0 has no IOMMU
+ echo 1 > $root/sys/module/vfio/parameters/enable_unsafe_noiommu_mode" --dry-run vfio 05:00.0
expect 'virtio that heeds no IOMMU is refused before it is taken' 1 'iommu_platform=on' \
	--dry-run vfio 0a:00.0
expect 'uio_pci_generic does without both' 0 \
	"+ modprobe uio_pci_generic
warning: uio_pci_generic uses no IOMMU
+ echo ixgbe > $root/run/steelyard/bind/0000:05:00.0
+ echo uio_pci_generic > $root/sys/bus/pci/devices/0000:05:00.0/driver_override" \
	--dry-run uio 05:00.0
expect 'but not with an IOMMU that translates' 1 'start the kernel with iommu=pt' \
	--dry-run uio 02:00.0
expect 'nor without an interrupt line' 1 'has no interrupt line' --dry-run uio 09:00.0
mv "$root/sys/module/vfio/parameters/enable_unsafe_noiommu_mode" "$scratch/switch"
expect 'where vfio cannot do without an IOMMU, the other way is named' 1 \
	"vfio no mode without
'bind uio 0000:05:00.0'" --dry-run vfio 05:00.0
mv "$scratch/switch" "$root/sys/module/vfio/parameters/enable_unsafe_noiommu_mode"
expect 'mlx5 is not bound' 0 'stays bound to mlx5_core: nothing to bind
mlx5_ib ib_uverbs are not loaded' --dry-run vfio 03:00.0
expect 'what is no network device is refused' 1 'is no network device' --dry-run vfio 04:00.0
expect 'what is bound is left alone' 0 'is bound to vfio-pci already' --dry-run vfio 06:00.0
expect 'an address that there is not is refused' 1 'no PCI device 0000:99:00.0' vfio 99:00.0
expect 'nonsense is no address' 1 'is no PCI address' vfio eth0
expect 'nothing is taken when one of several is refused' 1 'default route' vfio 05:00.0 01:00.0
holds 'and so it stays' /sys/bus/pci/devices/0000:05:00.0/driver_override '(null)'

file /run/steelyard/bind/0000:06:00.0 ixgbe
expect 'a device goes back to the driver that it had' 0 "+ modprobe ixgbe
+ echo '' > $root/sys/bus/pci/devices/0000:06:00.0/driver_override
+ echo 0000:06:00.0 > $root/sys/bus/pci/devices/0000:06:00.0/driver/unbind
+ echo 0000:06:00.0 > $root/sys/bus/pci/drivers_probe" --dry-run restore 06:00.0
expect 'also from uio_pci_generic' 0 "+ echo 0000:08:00.0 > $root/sys/bus/pci/drivers_probe" \
	--dry-run restore 08:00.0
expect 'what is bound to neither is not restored' 0 'but to i40e' --dry-run restore 02:00.0

expect 'hugepages are spread over nodes, on top of those in use' 0 \
	"+ echo 106 > $root/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages
+ echo 100 > $root/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages" \
	--dry-run hugepages 200
expect 'pages that are free already are enough' 0 'node 0: 4 pages are free already' \
	--dry-run --node 0 hugepages 4
expect 'more pages than there is memory for are told' 0 \
	'warning: 99999999 pages are 199999998 MB, more than the 8192 MB that are available' \
	--dry-run hugepages 99999999
expect 'auto is a quarter of the available memory' 0 "+ echo 512 > " --dry-run hugepages auto
expect '--persist writes a file for sysctl' 0 \
	"+ echo vm.nr_hugepages = 8 > $root/etc/sysctl.d/60-steelyard-hugepages.conf" \
	--persist --node 1 hugepages 8
holds 'with the number of pages' /etc/sysctl.d/60-steelyard-hugepages.conf 'vm.nr_hugepages = 8'
holds 'which are reserved now, too' \
	/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages 8
expect 'pages of 1 GiB cannot be kept by sysctl' 1 'hugepagesz=1G hugepages=1' \
	--dry-run --persist --size 1G --node 0 hugepages 1
expect 'a node without such pages is refused' 1 'NUMA node 1 has no hugepages of 1048576 kB' \
	--dry-run --size 1G --node 1 hugepages 1
expect 'a count that is none is a wrong use' 2 "'x' is no number of pages" hugepages x
expect 'so is an unknown command' 2 "'frob' is no command" frob
expect 'so is no command' 2 'usage' ''
echo "1..$n"
