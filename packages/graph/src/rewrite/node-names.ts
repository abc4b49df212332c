// How many of something, as its reader would say it.

/** '3 nodes', '1 node'. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
