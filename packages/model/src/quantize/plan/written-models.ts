// Models that one process writes while another already predicts with the first of them: a list in a file, a line of JSON for each once it
// is on the disk, and one that ends it.
import fs from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

export interface WrittenModel {
  readonly key: string
  readonly file: string
}

/** Between two looks for more, ms. */
const LOOK_MS = 5

/** Begins the list in a file that is not there yet. */
export function writtenModels(list: string): { add(model: WrittenModel): void; end(): void } {
  fs.writeFileSync(list, '', { flag: 'wx' })
  const append = (line: WrittenModel | null) => fs.appendFileSync(list, `${JSON.stringify(line)}\n`)
  return { add: append, end: () => append(null) }
}

/** Each as soon as it is written, until the list ends or `isOver`. */
export async function* modelsOf(list: string, isOver: () => boolean): AsyncGenerator<WrittenModel> {
  for (let next = 0; !isOver(); ) {
    // What stands behind the last line break is not yet whole.
    const lines = fs.readFileSync(list, 'utf8').split('\n').slice(0, -1)
    const line = lines[next]
    if (line === undefined) {
      await pause(LOOK_MS)
      continue
    }
    const model = JSON.parse(line) as WrittenModel | null
    if (model === null) return
    yield model
    next++
  }
}
