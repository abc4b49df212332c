// A document as Markdown for a pull request or a job's summary: the sentence first, the rest as far as GitHub takes it. The mark at its beginning
// lets a script find its comment again, and change it in place of adding another.
import { answerParts } from '../text/answers/answer-command.ts'
import { abParts } from './ab-parts.ts'
import { code, markdown, type Part, text } from './blocks.ts'
import { distillParts, gapParts } from './code-parts.ts'
import { comparisonParts } from './comparison-parts.ts'
import { convertParts } from './convert-parts.ts'
import { embeddingParts } from './embedding-parts.ts'
import { generationParts } from './generation-parts.ts'
import { lintParts } from './lint-parts.ts'
import { loadParts } from './load-parts.ts'
import { type CommandWords, reportParts } from './report-parts.ts'
import { studyParts } from './study-parts.ts'
import { checkParts, estimateParts, historyParts, traceComparisonParts } from './verdict-parts.ts'

export const MARK = '<!-- whyslow -->'

interface Answered {
  readonly schema?: string
  readonly answer?: string
  readonly warnings?: readonly string[]
}

/** Parts keyed by the kind of document. */
const PARTS: Readonly<Record<string, (document: never, typed: CommandWords) => Part[]>> = {
  report: reportParts,
  comparison: comparisonParts,
  load: loadParts,
  generation: generationParts,
  embedding: embeddingParts,
  ab: abParts,
  study: studyParts,
  gap: gapParts,
  distill: distillParts,
  lint: lintParts,
  check: checkParts,
  convert: convertParts,
  history: historyParts,
  foretold: estimateParts,
  'trace-comparison': traceComparisonParts,
}

function answerBlock(answer: string, { command }: CommandWords): string {
  const { text: sentence, words } = answerParts(answer, command ?? 'npx whyslow')
  return `**${text(sentence)}**${words.length === 0 ? '' : ` ${code(words.join(' '))}`}`
}

/** Pure; ends with a line end. Of a document that has no Markdown of its own: the sentence and what to be warned of. */
export function renderMarkdown(document: object, typed: CommandWords = {}): string {
  const { schema = '', answer, warnings = [] } = document as Answered
  const kind = /^whyslow-([a-z-]+)\/\d+$/.exec(schema)?.[1] ?? ''
  const own = PARTS[kind]?.(document as never, typed) ?? []
  // A report words its warnings itself, among its parts.
  const warned = kind === 'report' ? [] : warnings.map((warning) => `> **Warning:** ${text(warning)}`)
  return markdown([MARK, ...(answer === undefined ? [] : [answerBlock(answer, typed)]), ...own, ...warned])
}
