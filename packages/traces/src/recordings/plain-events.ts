// Events that come one by one from another source than JSON (tables, protobuf) as a timeline.
import type { Detail, Kind, Timeline } from './recording.ts'
import { code, TimelineBuilder } from './timeline-builder.ts'

export interface PlainEvent {
  readonly kind: Kind
  readonly name: string
  readonly process: string
  readonly thread: string
  readonly startUs: number
  readonly durationUs: number
  readonly correlation?: number
  readonly detail?: Detail
  /** Which device a device's row is of. */
  readonly device?: string
}

export class PlainTimeline {
  readonly #builder: TimelineBuilder = new TimelineBuilder()
  readonly #devices = new Map<string, string>()
  readonly #threads = new Map<string, string>()

  get length(): number {
    return this.#builder.length
  }

  get dropped(): number {
    return this.#builder.dropped
  }

  add({ kind, name, process, thread, startUs, durationUs, correlation = 0, detail, device }: PlainEvent): void {
    if (!Number.isFinite(startUs) || !(durationUs >= 0)) return
    const where = Buffer.from(`${process}\u0000${thread}`)
    const split = Buffer.byteLength(process)
    const track = this.#builder.track(where, { processFrom: 0, processTo: split, threadFrom: split + 1, threadTo: where.length })
    if (device !== undefined) this.#devices.set(`${process}\n${thread}`, device)
    this.#threads.set(`${process}\n${thread}`, thread)
    const described = detail === undefined ? 0 : this.#builder.detail(JSON.stringify(detail), () => detail)
    const ids = { correlation: this.#builder.shortId(correlation), operator: 0, detail: described }
    this.#builder.add({ kind: code[kind], name: this.#builder.names.idOf(name), track, startUs, durationUs, ...ids })
  }

  finish(): Timeline {
    return this.#builder.finish(({ process, thread }) => ({
      ...{ processName: process, threadName: thread, device: this.#devices.get(`${process}\n${thread}`) ?? null },
    }))
  }
}
