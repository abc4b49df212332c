// Parts of a generation for a pull request: what a token is made of, findings, the curves folded.
import { plural, significant, time } from '@whyslow/measure/statistics/numbers.ts'
import type { GenerationDocument } from '../documents/generation.ts'
import { measured } from '../text/divided/divided-words.ts'
import { partRows, severalWords, slopeWords } from '../text/generation/generation-words.ts'
import { type FoldedBlock, type Part, table, text } from './blocks.ts'
import { findingBlocks, measuringFacts, partTable } from './divided-parts.ts'

/** After the sentence. */
export function generationParts(document: GenerationDocument): Part[] {
  const { tokenParts, firstTokenParts, findings, speed, engine, machine, model } = document
  return [
    ...(tokenParts === null ? [] : [partTable(partRows(tokenParts))]),
    ...findingBlocks(findings),
    ...(firstTokenParts === null
      ? []
      : [
          {
            summary: `What the first token is made of: ${time(firstTokenParts.totalMs)}`,
            blocks: [partTable(partRows(firstTokenParts))],
          },
        ]),
    ...curves(document),
    measuringFacts(
      [
        `first token ${measured(speed.timeToFirstTokenMs)}`,
        // What is behind an address runs elsewhere.
        `${text(engine.title)}${model.kind === 'address' ? '' : `, ${text(machine.cpu)}, ${plural(machine.usableCpus, 'usable CPU')}`}`,
      ],
      speed.trust,
    ),
  ]
}

function curves({ depthLine, severalTokens }: GenerationDocument): FoldedBlock[] {
  const depth =
    depthLine === null
      ? []
      : [
          table([
            { head: 'context', isNumber: true, cells: depthLine.points.map((one) => String(one.depth)) },
            { head: 'a token', isNumber: true, cells: depthLine.points.map(({ ms }) => time(ms)) },
          ]),
          text(slopeWords(depthLine)),
        ]
  const several =
    severalTokens === null
      ? []
      : [
          table([
            { head: 'tokens at once', isNumber: true, cells: severalTokens.points.map(({ tokens }) => String(tokens)) },
            { head: 'a call', isNumber: true, cells: severalTokens.points.map(({ ms }) => time(ms)) },
            { head: 'over one', isNumber: true, cells: severalTokens.points.map(({ ratio }) => `${significant(ratio)}×`) },
          ]),
          text(severalWords(severalTokens)),
        ]
  return [...depth, ...several].length === 0
    ? []
    : [{ summary: 'Over the context, and several tokens at once', blocks: [...depth, ...several] }]
}
