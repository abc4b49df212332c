// Setting a model side by side on several engines belongs to one product; another is handed it, for the model that a program runs.
import type { ComparisonDocument } from '@whyslow/report/documents/comparison.ts'
import type { WhyOptions } from './options.ts'

export type CompareModelOptions = Pick<WhyOptions, 'data' | 'python' | 'memoryLimitBytes' | 'trials' | 'onProgress' | 'signal'>

/** Throws InputError if a model, its inputs or the options cannot be used, and the signal's reason if it is aborted. */
export type CompareModels = (files: readonly string[], options: Partial<CompareModelOptions>) => Promise<ComparisonDocument>
