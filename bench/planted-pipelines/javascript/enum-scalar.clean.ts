// clean: scalar-loop
import { Normalizer, Scale, Size } from './features-clean.ts'

type Row = readonly Float32Array
abstract class Stage<T> {
  abstract run(x: T): unknown
}

class Service extends Stage<Row> {
  private readonly normalizer = new Normalizer(0.5, 0.25, Scale.Standard)
  run(row: Row): Float32Array {
    return this.normalizer.apply(row)
  }
}
const service: Stage<Row> = new Service()
export const samples = (): Row[] => [1, 2].map((k) => Array.from({ length: 300_000 }, (_, i) => (i * k) % Size.Large))
export const preprocess = (row: Row) => service.run(row) as Float32Array
export const predict = (x: Float32Array): number => x[0]! + x.length
