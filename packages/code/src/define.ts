// What a module of the user's may export, as types: `import { definePipeline, stage } from 'whyslow/pipeline'`. Nothing is done at run time.

/** All but `predict` may be missing. Where there is a `load`, a `predict` of two parameters is given what it gave first. */
export interface Pipeline<Model = undefined, Sample = unknown, Input = Sample, Output = unknown, Result = Output> {
  load?: () => Model | Promise<Model>
  samples?: () => Iterable<Sample> | AsyncIterable<Sample> | Promise<Iterable<Sample>>
  preprocess?: (sample: Sample) => Input | Promise<Input>
  predict: ((model: Model, input: Input) => Output | Promise<Output>) | ((input: Input) => Output | Promise<Output>)
  postprocess?: (output: Output) => Result | Promise<Result>
}

/** The same object, with its types checked: `export default definePipeline({ … })`. */
export const definePipeline = <Model, Sample, Input = Sample, Output = unknown, Result = Output>(
  pipeline: Pipeline<Model, Sample, Input, Output, Result>,
): Pipeline<Model, Sample, Input, Output, Result> => pipeline

/**
 * A function whose calls are marked with `performance.measure` under `name`: a stage of a script or of an app of its own.
 */
export function stage<Given extends readonly unknown[], Result>(
  name: string,
  run: (...given: Given) => Result,
): (...given: Given) => Result {
  const marked = (...given: Given): Result => {
    const start = performance.now()
    const end = () => void performance.measure(name, { start, end: performance.now() })
    const result = run(...given)
    if (result instanceof Promise) result.then(end, end)
    else end()
    return result
  }
  // By how many parameters it has, `predict` is given the model or not.
  return Object.defineProperty(marked, 'length', { value: run.length })
}
