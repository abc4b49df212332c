// Options of `fix` on a program, and its defaults.
import type { FixModel, FixModelOptions } from '@whyslow/command/fix-port.ts'
import { localTrials } from '@whyslow/measure/trials/local-runner.ts'
import type { TrialRunner } from '@whyslow/measure/trials/port.ts'
import { type RunPass, runPass } from '../../driver.ts'
import { tryPythonTokenizers } from '../../replace/python-tokenizers.ts'
import { ab } from '../ab/ab.ts'

export interface FixProgramOptions extends Omit<FixModelOptions, 'out' | 'outputs' | 'data' | 'batch'> {
  /** A file or a folder with samples; null: the program's own. */
  readonly data: string | null
  /** The folder to write, a package of Python; null: nothing is written. */
  readonly out: string | null
  /** The program hangs if nothing happens in it for this long, s. */
  readonly limitSeconds: number
  /** Its own arguments. */
  readonly arguments: readonly string[]
  /** Replaces an existing folder that is not whyslow's. */
  readonly force: boolean
  readonly trials: Pick<TrialRunner, 'alone' | 'machine'>
  readonly run: RunPass
  readonly compare: typeof ab
  readonly tokenize: typeof tryPythonTokenizers
  readonly onPlan?: (sentence: string) => void
}

export interface FixProgramPorts {
  readonly fix: FixModel
}

export const FIX_PROGRAM_DEFAULTS: FixProgramOptions = {
  data: null,
  out: null,
  limitSeconds: 300,
  arguments: [],
  force: false,
  python: null,
  threads: null,
  memoryLimitBytes: null,
  budgetSeconds: null,
  maxLoss: null,
  trials: localTrials,
  run: runPass,
  compare: ab,
  tokenize: tryPythonTokenizers,
}
