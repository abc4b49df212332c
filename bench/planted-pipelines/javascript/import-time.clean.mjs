import { availableParallelism } from 'node:os'

export const samples = () => [1, 2]
export const predict = (x) => x + availableParallelism()
