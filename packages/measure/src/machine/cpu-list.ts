// The kernel's way to write a set of CPUs: https://docs.kernel.org/admin-guide/kernel-parameters.html#cpu-lists

/** The numbers in a kernel list: "0-2,5" gives 0, 1, 2, 5. Parts that are no range are left out. */
export function parseCpuList(text: string): readonly number[] {
  return text.split(',').flatMap((part) => {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part.trim())
    if (!match) return []
    const first = Number(match[1])
    const last = Number(match[2] ?? match[1])
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, step) => first + step)
  })
}
