// Four groups of tests. `unit` runs in parallel, many files in one process, since what they share is only what they import. `engines`
// opens engines and browsers, whose packages and drivers hold state of a process: one file in a process. `commands` starts the built command
// and other processes without asking how long they take: files and tests next to each other; many files in one process, too, since what they test
// is not in it. `quiet` compares times that were measured: its files run one after the other, once the others are done. With --isolate every file
// has its own process.
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { configDefaults, defineConfig } from 'vitest/config'
import './test/native-typescript.mjs'
import { mutantPlugin } from './scripts/thresholds.mjs'
import { isShort, LONG, QUIET } from './test/long.ts'
import { writeToMemory } from './test/scratch.ts'
import SlowestFirst from './test/slowest-first.ts'

writeToMemory()

/** What --exclude would leave out, which only holds without projects: patterns, each on a line. */
const APART = (process.env.WHYSLOW_TEST_APART ?? '').split('\n').filter((pattern) => pattern !== '')
/** The runner itself does little: on two CPUs both can run tests. */
const maxWorkers = Math.max(2, availableParallelism() - 1)
const GLOBAL_SETUP = './test/global-setup.ts'
/**
 * Node imports tests and sources itself; test/native-typescript.mjs turns them into JavaScript where Node cannot. scripts/mutants.mjs changes a
 * source while it is read, which takes a plugin of Vite.
 */
const changesSources = process.env.WHYSLOW_MUTANTS !== undefined
const experimental = changesSources ? {} : { viteModuleRunner: false, nodeLoader: false }
/** Settings of all projects. What a test waits for comes late on a machine with other work: a second, which is usual, is too short. */
const everywhere = { experimental, expect: { poll: { timeout: 20_000 } } }
const TYPESCRIPT = './test/native-typescript.mjs'
/** The set-up of projects whose files share a process. */
const SETUP = './test/setup.mjs'
/** An engine that a test opens in its own process says nothing of itself, as in a trial. What a test sets ends with it. */
const QUIET_ENGINES = { env: { ORT_DISABLE_TELEMETRY: '1' }, unstubEnvs: true }
/** Tests next to their source that open a session of an engine, or ask whether it is installed. */
const OPEN_ENGINES = [
  'packages/measure/src/engines/**/{ort,browser,openvino,tfjs}-*.test.ts',
  'packages/measure/src/engines/**/{openvino,litert,compiled,written-models}.test.ts',
  'packages/measure/src/engines/python/python-!(folder|session).test.ts',
  'packages/model/src/quantize/write/*.{openvino,litert}.test.ts',
]
/** What the memory of a process was taken for before is not seen again. */
const MEMORY = 'packages/measure/src/timing/memory.process.test.ts'
/** Tests next to their source that start processes and wait for them. */
const PROCESSES = 'packages/*/src/**/*.process.test.ts'
/** The example of `fix` took longer than 300 s on a slow machine with two CPUs that ran two more files next to it. */
const commands = { testTimeout: 900_000, hookTimeout: 900_000 }
/**
 * Many commands wait: for a limit, a signal, a clock. When all of them run, three files are at work at a time, and what computes comes after
 * them. When few run, they are next to the unit tests.
 */
const together = isShort
  ? { commands: { workers: maxWorkers, group: 0 }, computing: { workers: maxWorkers, group: 0 }, quiet: 1 }
  : { commands: { workers: maxWorkers + 1, group: 0 }, computing: { workers: maxWorkers, group: 1 }, quiet: 2 }
const ROOFS = [GLOBAL_SETUP, './test/measured/roofs.ts']

export default defineConfig({
  test: {
    reporters: ['default', './test/left-out.ts'],
    sequence: { sequencer: SlowestFirst },
    projects: [
      {
        plugins: changesSources ? [mutantPlugin] : [],
        test: {
          name: 'unit',
          ...QUIET_ENGINES,
          ...everywhere,
          globalSetup: GLOBAL_SETUP,
          setupFiles: SETUP,
          include: ['packages/*/{src,test,web}/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: [...OPEN_ENGINES, PROCESSES, 'test/measured/**', 'test/full/**', 'test/fuzz/**', 'test/page/**', ...APART],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          isolate: false,
          maxWorkers: together.computing.workers,
          sequence: { groupOrder: together.computing.group },
        },
      },
      {
        test: {
          name: 'engines',
          ...QUIET_ENGINES,
          ...everywhere,
          setupFiles: TYPESCRIPT,
          globalSetup: [GLOBAL_SETUP, './test/availability.ts'],
          include: [...OPEN_ENGINES, MEMORY, 'test/page/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...APART, ...LONG],
          // Tests of a file that say so: each starts a process that is busy for seconds.
          maxConcurrency: 2,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: together.computing.workers,
          sequence: { groupOrder: together.computing.group },
        },
      },
      {
        test: {
          name: 'commands',
          ...commands,
          ...everywhere,
          setupFiles: SETUP,
          isolate: false,
          globalSetup: [...ROOFS, './test/measured/one-lock.ts'],
          env: { WHYSLOW_LOCK: join(tmpdir(), `whyslow-test-lock-${process.pid}`) },
          include: [PROCESSES, 'test/{measured,full,fuzz}/**/*.test.ts'],
          exclude: [...configDefaults.exclude, MEMORY, ...APART, ...LONG, ...QUIET],
          // Tests of a file that say so: commands that refuse, and those of which no time is asked.
          maxConcurrency: isShort ? 3 : 2,
          maxWorkers: together.commands.workers,
          sequence: { groupOrder: together.commands.group },
        },
      },
      {
        test: {
          name: 'quiet',
          ...commands,
          ...everywhere,
          setupFiles: TYPESCRIPT,
          globalSetup: ROOFS,
          include: [...QUIET],
          exclude: [...configDefaults.exclude, ...APART, ...LONG],
          fileParallelism: false,
          // As many as there are CPUs on the smallest machine: of tests that say so.
          maxConcurrency: 2,
          maxWorkers: 1,
          sequence: { groupOrder: together.quiet },
        },
      },
    ],
  },
})
