// The user's rows in three parts: what students learn from, what chooses among them, and what neither has seen, for every figure that is
// shown. More lessons are made of the first part: a row with some features of other rows, whose score the teacher gives.
import { mulberry32, shuffledOrder } from '@whyslow/graph/random.ts'

export interface Parts {
  readonly learn: Int32Array
  readonly choose: Int32Array
  readonly test: Int32Array
}

const LEARN_SHARE = 0.4
const CHOOSE_SHARE = 0.3

/** The same for the same count, in an order of chance. */
export function partsOf(count: number): Parts {
  const order = shuffledOrder(count)
  const [learn, choose] = [Math.floor(count * LEARN_SHARE), Math.floor(count * CHOOSE_SHARE)]
  return { learn: order.slice(0, learn), choose: order.slice(learn, learn + choose), test: order.slice(learn + choose) }
}

export function rowsAt<Rows extends Float32Array | Float64Array>(rows: Rows, width: number, at: Int32Array): Rows {
  const result = new (rows.constructor as new (length: number) => Rows)(at.length * width)
  at.forEach((row, k) => {
    result.set(rows.subarray(row * width, (row + 1) * width), k * width)
  })
  return result
}

/** Share of a made row's features that come from another. */
const SWAPPED = 0.15

/** The rows, and made ones up to `total`. */
export function withMore<Rows extends Float32Array | Float64Array>(rows: Rows, width: number, total: number): Rows {
  const count = rows.length / width
  const random = mulberry32(11)
  const result = new (rows.constructor as new (length: number) => Rows)(Math.max(count, total) * width)
  result.set(rows)
  for (let r = count; r < total; r++) {
    const from = Math.floor(random() * count)
    for (let f = 0; f < width; f++) {
      const source = random() < SWAPPED ? Math.floor(random() * count) : from
      result[r * width + f] = rows[source * width + f]!
    }
  }
  return result
}
