// A command line in the test's own process: its words go in, its exit code and what it wrote come out. Below it is whyslow itself, on the
// trials that the test gives.
import { readFileSync } from 'node:fs'
import { keptScreen } from '@whyslow/command/support/terminal/example-screen.ts'
import type { Screen } from '@whyslow/command/terminal/screen.ts'
import { commandExit } from '@whyslow/command/terminal/usage-error.ts'
import { schemaOf } from '../../../../test/support/schema.ts'
import { hidePasswords, runProgram } from '../../src/run-program.ts'
import { loadStages, type Stages } from '../../src/stages.ts'

export interface Ended {
  readonly exitCode: number
  /** Standard output. */
  readonly printed: string
  /** Standard error. */
  readonly said: string
}

export interface CommandWorld {
  /** Stages in place of whyslow's own, by name. */
  readonly stages?: (own: Stages) => Partial<Stages>
  readonly signal?: AbortSignal
  /** Resolves with what ends a server. */
  readonly ended?: () => Promise<string>
  /** Told of each text as it is written to either output. */
  readonly onText?: (text: string) => void
}

const never = new AbortController().signal

/** Words as a shell would split them: by spaces. */
export async function typed(line: string | readonly string[], world: CommandWorld = {}): Promise<Ended> {
  const kept = keptScreen()
  const { signal = never, stages = () => ({}), ended, onText = () => {} } = world
  const screen: Screen = {
    ...kept,
    print: (text) => {
      onText(text)
      return kept.print(text)
    },
    say: (text) => {
      onText(text)
      kept.say(text)
    },
  }
  const load = async (): Promise<Stages> => {
    const own = await loadStages()
    return { ...own, ...stages(own) }
  }
  const argv = typeof line === 'string' ? line.split(' ') : line
  const program = { version: '0.0.0', screen, interrupt: () => signal, load, ...(ended === undefined ? {} : { ended }) }
  const exitCode = await runProgram(argv, program, (error) => {
    const { line: said, exitCode } = commandExit(error, signal.aborted)
    if (said !== null) screen.say(`whyslow: ${hidePasswords(said, argv)}\n`)
    return exitCode
  })
  return { exitCode, printed: kept.printed.join(''), said: kept.said }
}

type WithTrials = 'why' | 'fix' | 'quantize' | 'lint' | 'check'

/** Stages that take trials of that kind, with these. `compare` and the others take other arguments. */
export const onTrials =
  (trials: NonNullable<NonNullable<Parameters<Stages['why']>[1]>['trials']>) =>
  (own: Stages): Partial<Stages> => {
    const withTrials = <N extends WithTrials>(name: N) =>
      (async (file: string, options: object) =>
        (own[name] as (file: string, options: object) => unknown)(file, { ...options, trials })) as unknown as Stages[N]
    return {
      why: withTrials('why'),
      fix: withTrials('fix'),
      quantize: withTrials('quantize'),
      lint: withTrials('lint'),
      check: withTrials('check'),
      compare: (files, options) => own.compare(files, { ...options, trials }),
      fleet: (files, options) => own.fleet(files, { ...options, trials }),
      estimate: (file, options) => own.estimate(file, { ...options, trials }),
      describeMachine: (options) => own.describeMachine({ ...options, trials }),
      doctor: (options) => own.doctor({ ...options, trials }),
      listEngines: (options) => own.listEngines({ ...options, trials }),
    }
  }

/** The document in that file, or in that text; it fits its schema. */
export function validDocument(json: string, name: string): Record<string, unknown> {
  const document = parsed(json)
  const validate = schemaOf(name)
  if (!validate(document)) throw new Error(`not a ${name} document: ${JSON.stringify(validate.errors)}`)
  return document
}

export const parsed = (json: string): Record<string, unknown> =>
  JSON.parse(json.startsWith('{') ? json : readFileSync(json, 'utf8'))
