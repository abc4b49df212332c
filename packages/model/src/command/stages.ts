// What the commands on one model call.

import type { Surroundings as In } from '@whyslow/command/terminal/surroundings.ts'
import type { CheckDocument } from '@whyslow/report/documents/check.ts'
import type { ComparisonDocument } from '@whyslow/report/documents/comparison.ts'
import type { HistoryEntry } from '@whyslow/report/documents/history.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import type { CheckOptions } from '../commands/check.ts'
import type { compare } from '../commands/compare/compare.ts'
import type { convert } from '../commands/convert.ts'
import type { distill } from '../commands/distill.ts'
import type { FixOutcome } from '../commands/fix/fix.ts'
import type { FixOptions } from '../commands/fix/options.ts'
import type { lint } from '../commands/lint.ts'
import type { quantize } from '../commands/quantize.ts'
import type { quantizeLite } from '../commands/quantize-lite.ts'
import type { why } from '../commands/why.ts'

export interface Stages {
  readonly why: typeof why
  readonly fix: (file: string, options: Partial<FixOptions>) => Promise<FixOutcome>
  readonly quantize: typeof quantize
  readonly quantizeLite: typeof quantizeLite
  readonly lint: typeof lint
  readonly compare: typeof compare
  readonly convert: typeof convert
  readonly distill: typeof distill
  readonly check: (file: string, options: Partial<CheckOptions>) => Promise<CheckDocument>
  /** The history is another product's. */
  readonly checkHistory: () => void
  readonly appendHistory: (entries: readonly HistoryEntry[]) => void
  readonly entryOf: (report: ReportDocument) => HistoryEntry | null
  readonly entriesOf: (comparison: ComparisonDocument) => readonly HistoryEntry[]
}

export type Surroundings = In<Stages>
