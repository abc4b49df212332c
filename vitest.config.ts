// Three groups of tests. `unit` runs in parallel, many files in one process, since what they share is only what they import. `engines`
// runs one file in a process: engine packages and drivers hold state of a process. `measured` starts processes that measure, so its
// files run one after the other, once the others are done. With --isolate every file has its own process.
import { availableParallelism } from 'node:os'
import { configDefaults, defineConfig } from 'vitest/config'
import { LONG } from './test/long.ts'

/** The runner itself does little: on two CPUs both can run tests. */
const maxWorkers = Math.max(2, availableParallelism() - 1)

export default defineConfig({
  test: {
    reporters: ['default', './test/left-out.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          globalSetup: './test/build.ts',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['src/engines/**', 'test/measured/**', 'test/full/**', 'test/page/**'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          isolate: false,
          maxWorkers,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'engines',
          globalSetup: './test/build.ts',
          include: ['src/engines/**/*.test.ts', 'test/page/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...LONG],
          // Tests of a file that say so: each starts a process that is busy for seconds.
          maxConcurrency: 2,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'measured',
          include: ['test/measured/**/*.test.ts', 'test/full/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...LONG],
          globalSetup: ['./test/build.ts', './test/measured/roofs.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
          // Tests of a file that say so: commands that refuse, and those of which no time is asked.
          maxConcurrency: 3,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
