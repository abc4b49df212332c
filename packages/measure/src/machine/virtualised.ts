// Whether this is a virtual machine. x86: the CPUID flag `hypervisor`, which every common hypervisor sets. Elsewhere the
// firmware's vendor and product (DMI), the device tree, or sysctl kern.hv_vmm_present (macOS).
import type { System } from './system.ts'

/** Words in sys_vendor or product_name of virtual machines (as in systemd's src/basic/virt.c). */
const vendors =
  /QEMU|KVM|VMware|VirtualBox|innotek|Xen|Bochs|Parallels|BHYVE|OpenStack|Virtual Machine|Google Compute Engine|Amazon EC2|Apple Virtualization/i
/** Amazon names its machines without a hypervisor so: "m7g.metal". */
const bareMetal = /\.metal/

/** null: the system does not tell. A container is no virtual machine. */
export function readVirtualised(system: System, hypervisorFlag: boolean | null): boolean | null {
  if (hypervisorFlag !== null) return hypervisorFlag
  if (system.platform === 'darwin') {
    const answer = system.sysctl('kern.hv_vmm_present')
    return answer === null ? null : answer === '1'
  }
  if (system.platform !== 'linux') return null
  if (system.exists('/proc/device-tree/hypervisor') || system.exists('/sys/hypervisor/type')) return true
  const vendor = system.readText('/sys/class/dmi/id/sys_vendor')
  const product = system.readText('/sys/class/dmi/id/product_name')
  if (vendor === null && product === null) return null
  return vendors.test(`${vendor} ${product}`) && !bareMetal.test(product ?? '')
}
