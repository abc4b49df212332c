// Names that stand once.

/** `wish`, or with a number behind it if it is taken; `taken` has it from then on, with the number that the next of this wish tries first. */
export function uniqueName(wish: string, taken: Map<string, number>): string {
  let name = wish
  let k = taken.get(wish) ?? 1
  for (; taken.has(name); k++) name = `${wish}_${k}`
  taken.set(wish, k)
  if (name !== wish) taken.set(name, 1)
  return name
}
