// planted: import-time
// A module that works for more than a second before anything is asked of it.
import { availableParallelism } from 'node:os'
import { value } from './slow-to-import.mjs' // here

export const samples = () => [1, 2]
export const predict = (x) => value * x + availableParallelism()
