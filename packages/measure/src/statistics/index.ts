// The door of the room: what a median, a percentile, an interval, a trust grade and "faster" are, each defined once.
export * from './fit-line.ts'
export * from './intervals.ts'
export * from './order.ts'
export * from './percentiles.ts'
export * from './ratios.ts'
export * from './student-t.ts'
export * from './trust.ts'
export * from './turns.ts'
