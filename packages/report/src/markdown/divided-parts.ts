// What documents of a divided median have in common in Markdown, text generation and embeddings: findings, the parts as a table, and the trust.
import { time } from '@whyslow/measure/statistics/numbers.ts'
import type { GenerationDocument } from '../documents/generation.ts'
import type { PartRow } from '../text/divided/divided-words.ts'
import { type Block, code, type FoldedBlock, table, text } from './blocks.ts'

type Finding = Pick<GenerationDocument['findings'][number], 'title' | 'sentence' | 'rule' | 'place'>

export const findingBlocks = (findings: readonly Finding[]): Block[] =>
  findings.map(
    ({ title, sentence, rule, place }, index) =>
      `**${index + 1}. ${text(title)}** (${code(rule)})\n\n${text(sentence)}${place === null ? '' : ` At ${code(place)}.`}`,
  )

export const partTable = (rows: readonly PartRow[]): Block =>
  table([
    { head: 'part', cells: rows.map(({ name }) => text(name)) },
    { head: 'time', isNumber: true, cells: rows.map(({ ms }) => time(ms)) },
    { head: 'share', isNumber: true, cells: rows.map(({ share }) => share) },
  ])

export const measuringFacts = (
  facts: readonly string[],
  { grade, reasons }: GenerationDocument['speed']['trust'],
): FoldedBlock => ({
  summary: 'How it was measured',
  blocks: [[...facts, `trust ${grade}`, ...reasons.map(text)].map((fact) => `- ${fact}`).join('\n')],
})
