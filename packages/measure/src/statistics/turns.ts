// Taking turns: there and back again (A B C, then C B A), so that what changes on the machine meanwhile meets all alike.

/** The order of a round, as indices. */
export const turns = (count: number, round: number): readonly number[] =>
  Array.from({ length: count }, (_, i) => (round % 2 === 0 ? i : count - 1 - i))
