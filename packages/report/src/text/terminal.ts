// The report on a terminal: the sentence, one bar for the three areas, where the time goes, at most five findings, then what
// was checked, what was not, what was assumed, and how far the numbers can be trusted. Drawn from the report document alone.
import type { ReportDocument, ReportFinding } from '../documents/report.ts'
import { answerLines } from './answers/answer-lines.ts'
import { madeUpSentences } from './answers/likeness.ts'
import { areaBar } from './area-bar.ts'
import { basisOf, checkedLines, isToFix, savingWords, sentenceCase } from './findings/findings-text.ts'
import { measuringConditions } from './measured-with.ts'
import { nodeList } from './names.ts'
import { nodeTable } from './node-table.ts'
import { type Colours, link, page, paper, type TerminalOptions, warningLines } from './page.ts'
import { rooflinePlot } from './plots/roofline-plot.ts'
import { nextWords, quoteWord, wrap, wrapCommand, wrapHanging } from './wrap.ts'

type Finding = ReportFinding

// More than five compete with each other; the others are in the JSON document.
const mostFindings = 5

/** The whole report as text that ends with a line end. Pure. */
export function renderTerminal(doc: ReportDocument, options: TerminalOptions): string {
  const { width, colours } = paper(options)
  return page([
    answerLines(doc.answer, width, colours.bold, options.command),
    areaBar(doc.areas, width, colours),
    nodeTable(doc, width, colours),
    options.roofline ? rooflinePlot(doc, width, colours) : [],
    findings(doc, width, colours, options),
    notes(doc, width, colours, options),
    checkedLines(doc, width),
    assumptions(doc, width),
    measuringConditions(doc, width),
    warningLines(doc.warnings, width, colours),
  ])
}

/** The answer and what to fix, without how it was measured. Pure. */
export function renderBrief(doc: ReportDocument, options: TerminalOptions): string {
  const { width, colours } = paper(options)
  return page([
    answerLines(doc.answer, width, colours.bold, options.command),
    areaBar(doc.areas, width, colours),
    findings(doc, width, colours, options),
  ])
}

function findings(doc: ReportDocument, width: number, colours: Colours, { command, pageOf }: TerminalOptions): string[] {
  const saving = doc.findings.filter(isToFix)
  if (saving.length === 0) return doc.clear.length > 0 ? ['Nothing to fix was found.'] : []
  const lines = [colours.bold('What to fix')]
  const told = new Map<string, number>()
  for (const [index, finding] of saving.slice(0, mostFindings).entries()) {
    const page = pageOf?.(finding.rule)
    lines.push(...wrap(finding.title, width, `${index + 1}. `).map((line) => link(colours.bold(line), page)))
    lines.push(...wrap(finding.detail, width, '   '))
    if (finding.nodes.length > 0) lines.push(...wrap(`Nodes: ${nodeList(finding.nodes, doc.nodes)}`, width, '   '))
    lines.push(...wrap(saves(finding, doc.latency?.p50Ms ?? null), width, '   ').map(colours.green))
    lines.push(...next(finding, index + 1, told, { width, command }).map(colours.cyan))
  }
  const left = saving.length - mostFindings
  if (left > 0) lines.push(...wrap(`${left} more with smaller savings: --json writes all of them.`, width))
  return lines
}

const saves = (finding: Finding, wholeMs: number | null): string =>
  `${sentenceCase(savingWords(finding, wholeMs))} (${[...basisOf(finding), finding.area].join('; ')})`

/** `told`: the commands so far, and the number of the finding that gives each. */
function next(finding: Finding, number: number, told: Map<string, number>, { width, command }: Written): string[] {
  if (finding.next === null) return []
  const before = told.get(finding.next)
  if (before !== undefined) return [`   Next: as for ${before}`]
  told.set(finding.next, number)
  return wrapCommand(nextWords(finding, command), width, '   Next: ')
}

interface Written {
  readonly width: number
  readonly command: string | undefined
}

function notes(doc: ReportDocument, width: number, colours: Colours, { command }: TerminalOptions): string[] {
  const facts = doc.findings.filter((one) => !isToFix(one))
  if (facts.length === 0) return []
  const lines = facts.flatMap((fact) => [
    ...wrap(`${fact.title}: ${fact.detail}`, width, '- '),
    ...(fact.next === null ? [] : wrapCommand(nextWords(fact, command), width, '  Next: ').map(colours.cyan)),
  ])
  return [colours.bold('Worth knowing'), ...lines]
}

function assumptions(doc: ReportDocument, width: number): string[] {
  const inputs = doc.model?.inputs ?? []
  const lines = inputs
    .filter(({ assumptions }) => assumptions.length > 0)
    .flatMap(({ name, shape, assumptions }) => {
      const byBatch = assumptions.every(({ flag }) => flag === '--batch')
      const flag = byBatch ? ['--batch', '1'] : ['--shape', quoteWord(`${name}=${shape.join('x')}`)]
      return [
        ...wrapHanging(`Assumed for input ${name}: ${assumptions.map(({ text }) => text).join(', ')}.`, width),
        ...wrapCommand(flag, width, '  To change it: '),
      ]
    })
  return [...lines, ...madeUpSentences(inputs).flatMap((line) => wrapHanging(line, width))]
}
