// A file of the user's as everything that runs it has it: what it exports, the steps of a call, and the whole call as one function.
import { stepOf, targetOf, type UserTarget } from './contract.ts'
import { finishValue, isThenable } from './finish-value.ts'
import { runFile, type Start } from './run-file.ts'
import { readSamples } from './samples.ts'

export interface ProgramFile {
  /** Absolute. */
  readonly file: string
  /** The function to call in place of the stages; null: the stages, or the file as a script. */
  readonly call: string | null
  /** Its source says so (javascript/exported.ts). */
  readonly start: Start
  /** What follows a script's name. */
  readonly arguments: readonly string[]
}

export interface ProgramPlan extends ProgramFile {
  /** What --data named, absolute; null: the program's own samples. */
  readonly data: string | null
}

/** Runs the file. Throws ContractError if it cannot be used as it is. */
export async function targetIn({ file, call, start, arguments: words }: ProgramFile): Promise<UserTarget> {
  return targetOf(await runFile(file, start, words), call, { single: start === 'imported' })
}

export interface Step {
  readonly name: string
  readonly run: (value: unknown) => unknown
}

/** `model`: what `load` gave. */
export const stepsOf = ({ stages }: UserTarget, model: unknown): readonly Step[] =>
  stages.map((stage) => ({ name: stage.name, run: stepOf(stage, model) }))

/** The whole call as one function, each stage done to its end: a promise only where a stage gives one, so that quick stages are not made to wait for a turn. */
export function wholeCall(steps: readonly Step[]): (sample: unknown) => unknown {
  const from = (start: number, given: unknown): unknown => {
    let value = given
    for (let k = start; k < steps.length; k++) {
      value = finishValue(steps[k]!.run(value))
      if (isThenable(value)) return value.then((settled) => from(k + 1, settled))
    }
    return value
  }
  // Not through the loop if there is none to go through.
  if (steps.length === 1) return steps[0]!.run
  return (sample) => from(0, sample)
}

/** Runs the file, and loads its model and samples; null: it is a script, which goes on by itself. */
export async function openCalls(program: ProgramPlan) {
  const target = await targetIn(program)
  if (target.kind === 'script') return null
  const whole = wholeCall(stepsOf(target, await target.load?.()))
  const { list } = await readSamples(target.samples, program.data)
  return { samples: list, call: async (sample: unknown) => finishValue(whole(sample)) }
}
