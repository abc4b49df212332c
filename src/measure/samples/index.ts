// Inputs to measure with: read, guessed, made up, saved.

export * from './dtype-arrays.ts'
export { checkNeededValues, findWorkingInputs, guesses, type TryRun } from './find-working.ts'
export { type InputFlags, listInputs, NO_FLAGS, parseShapeFlag, parseValueFlag } from './flags.ts'
export type { AxisMeaning } from './graph-facts.ts'
export { adjustFromError } from './input-refusals.ts'
export { DEFAULT_LIMIT, type InputData, readData } from './read-data.ts'
export { resolveInputs } from './resolve.ts'
export type { FreeAxis, ResolvedInput, ResolvedInputs, SizeSource } from './resolved.ts'
export type { SampleOptions } from './samples.ts'
export { loadInputs, saveInputs } from './saved.ts'
export { DEFAULT_SAMPLES, synthesize } from './synthetic.ts'
