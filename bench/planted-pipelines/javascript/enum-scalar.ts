// planted: scalar-loop
// in: features-lib.ts
import { Normalizer, Scale, Size } from './features-lib.ts'

type Row = readonly number[]
abstract class Stage<T> {
  abstract run(x: T): unknown
}

class Service extends Stage<Row> {
  private readonly normalizer = new Normalizer(0.5, 0.25, Scale.Standard)
  run(row: Row): number[] {
    return this.normalizer.apply(row)
  }
}
const service: Stage<Row> = new Service()
export const samples = (): Row[] => [1, 2].map((k) => Array.from({ length: 300_000 }, (_, i) => (i * k) % Size.Large))
export const preprocess = (row: Row) => service.run(row) as number[]
export const predict = (x: number[]): number => x[0]! + x.length
