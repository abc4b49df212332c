// Parts of a generation for a pull request: what a token is made of, findings, the curves folded.
import { plural, significant, time } from '@whyslow/measure/statistics/numbers.ts'
import type { GenerationDocument, PartsOf } from '../documents/generation.ts'
import { measured } from '../text/divided/divided-words.ts'
import { partRows, severalWords, slopeWords } from '../text/generation/generation-words.ts'
import { code, type Folded, type Part, table, text } from './blocks.ts'

/** After the sentence. */
export function generationParts(document: GenerationDocument): Part[] {
  const { tokenParts, firstTokenParts, findings, speed, engine, machine, model } = document
  return [
    ...(tokenParts === null ? [] : [partTable(tokenParts)]),
    ...findings.map(
      ({ title, sentence, rule, place }, index) =>
        `**${index + 1}. ${text(title)}** (${code(rule)})\n\n${text(sentence)}${place === null ? '' : ` At ${code(place)}.`}`,
    ),
    ...(firstTokenParts === null
      ? []
      : [{ summary: `What the first token is made of: ${time(firstTokenParts.totalMs)}`, blocks: [partTable(firstTokenParts)] }]),
    ...curves(document),
    {
      summary: 'How it was measured',
      blocks: [
        [
          `- first token ${measured(speed.timeToFirstTokenMs)}`,
          // What is behind an address runs elsewhere.
          `- ${text(engine.title)}${model.kind === 'address' ? '' : `, ${text(machine.cpu)}, ${plural(machine.usableCpus, 'usable CPU')}`}`,
          `- trust ${speed.trust.grade}`,
          ...speed.trust.reasons.map((reason) => `- ${text(reason)}`),
        ].join('\n'),
      ],
    },
  ]
}

function partTable(of: PartsOf): string {
  const rows = partRows(of)
  return table([
    { head: 'part', cells: rows.map(({ name }) => text(name)) },
    { head: 'time', isNumber: true, cells: rows.map(({ ms }) => time(ms)) },
    { head: 'share', isNumber: true, cells: rows.map(({ share }) => share) },
  ])
}

function curves({ depthLine, severalTokens }: GenerationDocument): Folded[] {
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
