// Ids that flags take: what a shell completes. Loaded by `whyslow completion` alone, since all engines and remedies come with them.
import { engines } from '@whyslow/measure/engines/index.ts'
import { remedies } from '../remedies/index.ts'

export const ids = {
  engines: engines.map(({ id }) => id),
  remedies: remedies.map(({ id }) => id),
} as const
