// The areas in their fixed order, their names, and what each means to a first-time reader.
import type { AreaKey } from './page-data.ts'

export interface AreaWords {
  readonly key: AreaKey
  readonly title: string
  readonly means: string
}

export const AREAS: readonly AreaWords[] = [
  { key: 'architecture', title: 'Architecture', means: 'compute the model needs, at this machine’s peak rate' },
  { key: 'hardware', title: 'Hardware', means: 'memory traffic and waiting for the machine' },
  { key: 'software', title: 'Software', means: 'avoidable overhead' },
  { key: 'unexplained', title: 'Unexplained', means: 'measured time that whyslow cannot attribute' },
]

export const areaTitle = (key: string): string => AREAS.find((area) => area.key === key)?.title ?? key
