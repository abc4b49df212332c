// Gathers events into the columns of a Timeline, which grow as they come. Names, tracks and details are numbers; ids too long for a
// number are given one.
import { InternTable } from './intern-table.ts'
import { type Detail, KINDS, type Kind, kindCode, type Timeline, type Track } from './recording.ts'

/** Kept: some 30 bytes each. Beyond, a trace is read in part, and that is said. */
const MOST_EVENTS = 11_000_000
const MOST_DETAILS = 400_000
const FIRST = 1 << 14
/** No event that is kept is written in fewer bytes, or few are. */
const BYTES_PER_EVENT = 150

/** What is added; times in µs from the first event. */
export interface NewEvent {
  kind: number
  name: number
  track: number
  startUs: number
  durationUs: number
  correlation: number
  operator: number
  detail: number
}

/** Positions of a process's id and a thread's. */
export interface TrackPlace {
  readonly processFrom: number
  readonly processTo: number
  readonly threadFrom: number
  readonly threadTo: number
}

export class TimelineBuilder {
  readonly names: InternTable = new InternTable()
  readonly #tracks: { process: string; thread: string }[] = []
  readonly #trackIds = new Map<number, number>()
  readonly #processes: InternTable = new InternTable()
  /** Key of the event before: most events are of the same track. */
  #lastKey = -1
  #lastTrack = 0
  readonly #details: Detail[] = [{}]
  readonly #detailIds = new Map<string, number>()
  readonly #detailKeys: InternTable = new InternTable()
  /** Details keyed by the number of a key. */
  readonly #detailsByKey: number[] = []
  readonly #longIds = new Map<string, number>()
  #columns: Columns
  #length = 0
  /** Not kept, for want of room. */
  dropped = 0

  /**
   * `bytes`: how much will be read, about. Columns begin as long as that needs: what is never written to takes no memory, and what need
   * not grow is not there twice.
   */
  constructor(bytes = 0) {
    this.#columns = columnsOf(Math.min(MOST_EVENTS, Math.max(FIRST, Math.ceil(bytes / BYTES_PER_EVENT))))
  }

  get length(): number {
    return this.#length
  }

  add(event: NewEvent): void {
    const at = this.#length
    if (at >= MOST_EVENTS) {
      this.dropped++
      return
    }
    if (at === this.#columns.kind.length) this.#grow()
    const columns = this.#columns
    columns.kind[at] = event.kind
    columns.startUs[at] = event.startUs
    columns.durationUs[at] = event.durationUs
    columns.name[at] = event.name
    columns.track[at] = event.track
    columns.correlation[at] = event.correlation
    columns.operator[at] = event.operator
    columns.detail[at] = event.detail
    this.#length++
  }

  /** The track of a process and a thread, given where their ids stand; -1 if there is none. */
  track(buffer: Buffer, { processFrom, processTo, threadFrom, threadTo }: TrackPlace): number {
    const one = this.#processes.id(buffer, Math.max(0, processFrom), Math.max(0, processTo))
    const two = this.#processes.id(buffer, Math.max(0, threadFrom), Math.max(0, threadTo))
    const key = one * 1_000_003 + two
    if (key === this.#lastKey) return this.#lastTrack
    this.#lastKey = key
    this.#lastTrack = this.#trackOf(key, one, two)
    return this.#lastTrack
  }

  #trackOf(key: number, one: number, two: number): number {
    const known = this.#trackIds.get(key)
    if (known !== undefined) return known
    const id = Math.min(this.#tracks.length, 0xffff)
    if (id === this.#tracks.length) this.#tracks.push({ process: this.#processes.text(one), thread: this.#processes.text(two) })
    this.#trackIds.set(key, id)
    return id
  }

  /** The number of a detail. `key`: the same for equal ones. */
  detail(key: string, make: () => Detail): number {
    const known = this.#detailIds.get(key)
    if (known !== undefined) return known
    const id = this.#addDetail(make)
    if (id > 0) this.#detailIds.set(key, id)
    return id
  }

  /** The same of a key in bytes, the first `length` of `key`: no string is made of one that is known. */
  detailOf(key: Buffer, length: number, make: () => Detail): number {
    const at = this.#detailKeys.knownOrNew(key, 0, length)
    if (at < 0) return 0
    if (at < this.#detailsByKey.length) return this.#detailsByKey[at]!
    const id = this.#addDetail(make)
    this.#detailsByKey.push(id)
    return id
  }

  #addDetail(make: () => Detail): number {
    if (this.#details.length >= MOST_DETAILS) return 0
    return this.#details.push(make()) - 1
  }

  /** An id of the file as one that fits a column. */
  shortId(value: number): number {
    return value > 0 && value < 2 ** 31 && Number.isInteger(value) ? value : this.longId(String(value))
  }

  longId(text: string): number {
    if (text === '0' || text === 'NaN' || text === '') return 0
    const known = this.#longIds.get(text)
    if (known !== undefined) return known
    const id = -1 - this.#longIds.size
    this.#longIds.set(text, id)
    return id
  }

  /** The timeline; its columns may be longer than it. `named`: what is known of a track once all have their names. */
  finish(named: (track: { process: string; thread: string }) => Omit<Track, 'process' | 'thread'>): Timeline {
    return {
      length: this.#length,
      ...this.#columns,
      names: this.names.texts(),
      tracks: this.#tracks.map((one) => ({ ...one, ...named(one) })),
      details: this.#details,
    }
  }

  #grow(): void {
    // By half: doubling holds more than is needed when memory is short.
    const size = Math.min(MOST_EVENTS, Math.ceil(this.#columns.kind.length * 1.5))
    const grown = columnsOf(size)
    const known = this.#columns
    grown.kind.set(known.kind)
    grown.startUs.set(known.startUs)
    grown.durationUs.set(known.durationUs)
    grown.name.set(known.name)
    grown.track.set(known.track)
    grown.correlation.set(known.correlation)
    grown.operator.set(known.operator)
    grown.detail.set(known.detail)
    this.#columns = grown
  }
}

interface Columns {
  readonly kind: Uint8Array
  readonly startUs: Float64Array
  readonly durationUs: Float32Array
  readonly name: Uint32Array
  readonly track: Uint16Array
  readonly correlation: Int32Array
  readonly operator: Int32Array
  readonly detail: Uint32Array
}

function columnsOf(size: number): Columns {
  return {
    ...{ kind: new Uint8Array(size), startUs: new Float64Array(size), durationUs: new Float32Array(size) },
    ...{ name: new Uint32Array(size), track: new Uint16Array(size), correlation: new Int32Array(size) },
    ...{ operator: new Int32Array(size), detail: new Uint32Array(size) },
  }
}

/** Events of a kind, for readers that make a timeline of something else than JSON. */
export const code = Object.fromEntries(KINDS.map((kind) => [kind, kindCode(kind)])) as Readonly<Record<Kind, number>>
