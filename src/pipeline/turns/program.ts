// A user's module as `ab` and the ladder run it: the steps of a call, and the whole call as one function.
import { stepOf, targetOf, type UserTarget } from './contract.ts'
import { finished, isThenable } from './finished.ts'

/** A call as a list of steps, each with its stage's name. */
export interface Program {
  readonly stages: readonly Step[]
  readonly load: (() => unknown) | null
  readonly samples: (() => unknown) | null
  /** Parameters of the first step. */
  readonly parameters: number
  /** Steps are given the model in front of what they work on, those that take one. */
  readonly setModel: (model: unknown) => void
}

export interface Step {
  readonly name: string
  readonly run: (value: unknown) => unknown
}

/** null where the module has no `predict` and no single function: it is a script. Throws ContractError where `call` is not a function in it. */
export function programOf(module: Readonly<Record<string, unknown>>, call: string | null, file: string): Program | null {
  const target = targetOf(module, call, file, { single: true })
  if (target.kind === 'script') return null
  const { load, samples } = target
  const stages = stepsOf(target, undefined)
  return {
    stages,
    load,
    samples: samples === null ? null : typeof samples === 'function' ? (samples as () => unknown) : () => samples,
    parameters: target.stages[0]!.parameters,
    setModel: (model) => void stages.splice(0, stages.length, ...stepsOf(target, model)),
  }
}

const stepsOf = ({ stages }: UserTarget, model: unknown): Step[] =>
  stages.map((stage) => ({ name: stage.name, run: stepOf(stage, model) }))

/** The whole call as one function, each stage done to its end: a promise only where a stage gives one, so that quick stages are not made to wait for a turn. */
export function wholeCall({ stages }: Pick<Program, 'stages'>): (sample: unknown) => unknown {
  const from = (start: number, given: unknown): unknown => {
    let value = given
    for (let k = start; k < stages.length; k++) {
      value = finished(stages[k]!.run(value))
      if (isThenable(value)) return value.then((settled) => from(k + 1, settled))
    }
    return value
  }
  // Not through the loop where there is none to go through.
  if (stages.length === 1) return stages[0]!.run
  return (sample) => from(0, sample)
}
