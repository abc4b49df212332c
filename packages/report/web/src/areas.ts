// The areas in their fixed order, how they are called, and what each means to who reads it for the first time.
import type { AreaKey } from './page-data.ts'

export interface AreaWords {
  readonly key: AreaKey
  readonly title: string
  readonly means: string
}

export const AREAS: readonly AreaWords[] = [
  { key: 'architecture', title: 'Architecture', means: 'the model’s own work, at this machine’s best rate' },
  { key: 'hardware', title: 'Hardware', means: 'moving data and waiting: what the machine lacks' },
  { key: 'software', title: 'Software', means: 'overhead: neither model nor machine needs it' },
  { key: 'unexplained', title: 'Unexplained', means: 'what was measured and is not accounted for' },
]

export const areaTitle = (key: string): string => AREAS.find((area) => area.key === key)?.title ?? key
