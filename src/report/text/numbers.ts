// The words for numbers that reports use: see statistics/numbers.ts, which stages that word a number early read.
export * from '../../statistics/numbers.ts'
