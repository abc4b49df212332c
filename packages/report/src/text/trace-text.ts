// The report on a recording for a terminal: the sentence, what the device did, operators, findings with their bounds, what was not told.
// Shares everywhere; milliseconds only of a latency that was given, and of requests, which recording does not slow.

import { count, percent, rateInWords, time } from '@whyslow/measure/statistics/numbers.ts'
import type { ReportDocument, ReportFinding, ReportNode } from '../documents/report.ts'
import type { TraceComparisonDocument } from '../documents/trace-comparison.ts'
import { checkedLines, isToFix } from './findings/findings-text.ts'
import { nodeName } from './names.ts'
import { type Colours, type Column, page, paper, type TerminalOptions, table, warningLines, widthOf } from './page.ts'
import { windowName } from './trace-answer.ts'
import { nextWords, printable, shorten, wrap, wrapCommand, wrapHanging } from './wrap.ts'

type Finding = ReportFinding

const MOST_FINDINGS = 5
const MOST_ROWS = 8
const MOST_LINES = 5

/** Text that ends with a line end. The document is of a recording. */
export function renderTrace(doc: ReportDocument, options: TerminalOptions): string {
  const { width, colours } = paper(options)
  return page([
    wrap(doc.answer, width).map(colours.bold),
    breakdown(doc, width, colours),
    tokens(doc, colours),
    operators(doc, width, colours),
    sameModel(doc, width, colours),
    lines(doc, colours),
    findings(doc, width, colours, options.command),
    notes(doc, width, colours),
    checkedLines(doc, width),
    recordedWith(doc, width),
    warningLines(doc.warnings, width, colours),
  ])
}

function breakdown({ breakdown: parts }: ReportDocument, width: number, colours: Colours): string[] {
  const shown = parts.filter(({ share }) => share >= 0.005)
  if (shown.length === 0) return []
  const longest = Math.max(...shown.map(({ part }) => part.length))
  const room = Math.max(10, width - longest - 8)
  return shown.map(({ part, share }) => {
    const bar = '█'.repeat(Math.max(1, Math.round(share * room)))
    return `${part.padEnd(longest)} ${percent(share).padStart(5)} ${colours.blue(bar)}`
  })
}

function operators({ nodes, trace }: ReportDocument, width: number, colours: Colours): string[] {
  if (nodes.length === 0) return []
  const top = nodes.slice(0, MOST_ROWS)
  const others = nodes.slice(MOST_ROWS)
  const more = others.length > 0
  const sum = (of: (one: (typeof nodes)[number]) => number): number => others.reduce((all, one) => all + of(one), 0)
  const columns: Column[] = [
    {
      head: 'share',
      side: 'left',
      texts: [...top.map(({ share }) => percent(share)), ...(more ? [percent(sum((one) => one.share))] : [])],
    },
  ]
  if (trace?.latencyMs != null)
    columns.unshift({
      head: 'time',
      side: 'left',
      texts: [...top.map((one) => time(one.timeMs)), ...(more ? [time(sum((one) => one.timeMs))] : [])],
    })
  if (top.some(({ floorMs }) => floorMs !== null))
    columns.push({ head: 'floor', texts: [...top.map((one) => floorText(one, trace)), ...(more ? [''] : [])] })
  if (top.some(({ kernel }) => kernel !== undefined))
    columns.push({
      head: 'kernel',
      texts: [...top.map(({ kernel = '' }) => shorten(printable(kernel), 28)), ...(more ? [''] : [])],
    })
  const nameWidth = Math.max(16, width - widthOf(columns))
  const names = top.map((node) => nodeName(node, nameWidth))
  if (more) names.push(`${others.length} more`)
  return table([{ head: 'Where the time goes', texts: names }, ...columns], colours)
}

/** Times of requests are those of the run itself: milliseconds, not shares. */
function tokens({ trace }: ReportDocument, colours: Colours): string[] {
  const told = trace?.tokens
  if (told === undefined) return []
  const whole = (value: number | null): string => (value === null ? '-' : Math.round(value).toLocaleString('en-US'))
  const rows = [
    ['First token', told.firstTokenMs === null ? '-' : time(told.firstTokenMs)],
    [
      'Each token after it',
      told.tokenMs === null ? '-' : `${time(told.tokenMs)}, ${rateInWords(told.tokensPerSecond ?? 0)} tokens/s`,
    ],
    [
      'Prompt',
      `${whole(told.promptTokens)} tokens${told.promptTokensPerSecond === null ? '' : `, ${whole(told.promptTokensPerSecond)} tokens/s`}`,
    ],
    ...(told.cachedTokens === null ? [] : [['From a cache', `${whole(told.cachedTokens)} tokens`]]),
    ['Generated', `${whole(told.generatedTokens)} tokens`],
    ...(told.gapsMs === null ? [] : [['Gaps between pieces', `p50 ${time(told.gapsMs.p50Ms)}, p99 ${time(told.gapsMs.p99Ms)}`]]),
  ] as const
  return table(
    [
      { head: 'A request', texts: rows.map(([name]) => name!) },
      { head: `mean of ${told.requests}`, texts: rows.map(([, value]) => value!) },
    ],
    colours,
  )
}

const MOST_NODES = 12

/** The model's nodes with what was recorded, and what the same takes here: those that take most there or here. */
function sameModel({ trace }: ReportDocument, width: number, colours: Colours): string[] {
  const model = trace?.model
  if (trace == null || model == null) return []
  const weight = ({ share: there, here }: (typeof model.rows)[number]): number => Math.max(there, here?.share ?? 0)
  const top = [...model.rows].sort((a, b) => weight(b) - weight(a)).slice(0, MOST_NODES)
  const rows = model.rows.filter((row) => top.includes(row))
  const recorded: Column = {
    head: 'recorded',
    side: 'left',
    texts: rows.map(({ share, timeMs }) => (trace.latencyMs === null ? percent(share) : `${time(timeMs)} ${percent(share)}`)),
  }
  const columns: Column[] = [
    { head: 'as', texts: rows.map(({ operators: names }) => shorten(printable(namesOf(names)), 26)) },
    recorded,
    ...(model.here === null
      ? []
      : [
          {
            head: 'here',
            side: 'left' as const,
            texts: rows.map(({ here }) => (here === null ? '-' : `${time(here.timeMs)} ${percent(here.share)}`)),
          },
        ]),
    { head: 'FLOPs', side: 'left', texts: rows.map(({ flops }) => (flops === null ? '?' : count(flops))) },
  ]
  const room = Math.max(16, width - widthOf(columns))
  const names = rows.map(({ nodes: [first = '', ...more], opType }) => {
    const told = `${first}${first.includes(opType) ? '' : ` ${opType}`}`
    return more.length === 0 ? shorten(printable(told), room) : `${shorten(printable(told), room - 3)} +${more.length}`
  })
  return [
    ...table([{ head: 'The model', texts: names }, ...columns], colours),
    ...sameModelNotes(model, model.rows.length - rows.length, width),
  ]
}

function sameModelNotes(
  { here, ...model }: NonNullable<NonNullable<ReportDocument['trace']>['model']>,
  more: number,
  width: number,
): string[] {
  const left = model.notJoined.map(({ node, opType }) => `${node} (${opType})`)
  const others = model.operatorsNotJoined.filter(({ share }) => share >= 0.005)
  const sizes = Object.entries(model.sizes).map(([symbol, size]) => `${symbol} = ${size}`)
  const told = [
    `${more > 0 ? `${more} more rows. ` : ''}Joined: ${model.joinedNodes} of ${model.nodes} nodes, ${percent(model.joinedShare)} of the operators' time${sizes.length === 0 ? '' : `, with ${sizes.join(', ')}`}.`,
    ...(left.length === 0 ? [] : [`Nodes without a recorded operator: ${listed(left)}.`]),
    ...(others.length === 0
      ? []
      : [`Operators without a node: ${listed(others.map(({ name, share }) => `${name} (${percent(share)})`))}.`]),
    ...(here === null
      ? ['To compare with this machine: whyslow MODEL --json here.json, then --here here.json.']
      : [
          `Here: ${here.cpu}, ${here.engine ?? 'no engine'}, p50 ${time(here.p50Ms)}; ${time(here.otherMs)} of it in nodes that no operator was joined with.`,
        ]),
  ]
  return told.flatMap((line) => wrapHanging(printable(line), width))
}

const MOST_LISTED = 5
const listed = (names: readonly string[]): string =>
  `${names.slice(0, MOST_LISTED).join(', ')}${names.length > MOST_LISTED ? ` and ${names.length - MOST_LISTED} more` : ''}`

/** 'aten::conv2d, aten::relu'; the same one after the other once. */
export const namesOf = (names: readonly string[]): string => names.filter((name, at) => name !== names[at - 1]).join(', ')

/** What it takes at least, of the same whole as its share, and what sets it. */
function floorText({ floorMs, bound, timeMs, share }: ReportNode, trace: ReportDocument['trace']): string {
  if (floorMs === null) return 'not known'
  const least = Math.min(floorMs, timeMs)
  const told = trace?.latencyMs == null ? percent(timeMs > 0 ? (share * least) / timeMs : 0) : time(least)
  return `${told} ${bound === 'memory' ? 'memory' : 'arithmetic'}`
}

function lines({ lines: hot }: ReportDocument, colours: Colours): string[] {
  const shown = (hot ?? []).filter(({ share }) => share >= 0.005).slice(0, MOST_LINES)
  if (shown.length === 0) return []
  const of = (one: (typeof shown)[number]): string => shorten(printable(`${one.file.replace(/^.*[\\/]/, '')}:${one.line}`), 36)
  return table(
    [
      { head: 'Hot lines', texts: shown.map(of) },
      { head: 'share', side: 'left', texts: shown.map(({ share }) => percent(share)) },
      { head: 'function', texts: shown.map((one) => shorten(printable(one.function ?? ''), 28)) },
    ],
    colours,
  )
}

function findings(doc: ReportDocument, width: number, colours: Colours, command: string | undefined): string[] {
  const saving = doc.findings.filter(isToFix)
  if (saving.length === 0) return ['Nothing to fix was found.']
  const told = new Map<string, number>()
  const shown = saving
    .slice(0, MOST_FINDINGS)
    .flatMap((finding, index) => [
      ...wrap(finding.title, width, `${index + 1}. `).map(colours.bold),
      ...wrap(finding.detail, width, '   '),
      ...wrap(saves(finding, doc), width, '   ').map(colours.green),
      ...finding.places
        .slice(0, 3)
        .map(
          ({ file, line, function: name }) =>
            `   ${shorten(printable(`${file}:${line}${name === null ? '' : ` ${name}`}`), width - 3)}`,
        ),
      ...next(finding, index + 1, told, () => wrapCommand(nextWords(finding, command), width, '   Next: ').map(colours.cyan)),
    ])
  const left = saving.length - MOST_FINDINGS
  const more = left > 0 ? wrap(`${left} more with smaller bounds: --json writes all of them.`, width) : []
  return [colours.bold('What to fix'), ...shown, ...more]
}

function saves({ wouldSaveShare = 0, wouldSaveMs, area }: Finding, { trace }: ReportDocument): string {
  const ms = trace?.latencyMs == null || wouldSaveMs === null ? '' : `${time(wouldSaveMs)}, `
  return `Would save at most ${ms}${percent(wouldSaveShare)} of ${windowName(trace!)} (estimated; ${area})`
}

function next(finding: Finding, number: number, told: Map<string, number>, draw: () => string[]): string[] {
  if (finding.next === null) return []
  const before = told.get(finding.next)
  if (before !== undefined) return [`   To prove it: as for ${before}`]
  told.set(finding.next, number)
  return ['   To prove it, record again with the change made, then:', ...draw()]
}

function notes({ findings: all }: ReportDocument, width: number, colours: Colours): string[] {
  const facts = all.filter((one) => !isToFix(one))
  if (facts.length === 0) return []
  return [colours.bold('Worth knowing'), ...facts.flatMap((one) => wrap(`${one.title}: ${one.detail}`, width, '- '))]
}

function recordedWith({ trace }: ReportDocument, width: number): string[] {
  if (trace == null) return []
  const version = trace.version === null ? '' : ` ${trace.version}`
  const kind = trace.tokens === undefined ? 'steps' : 'requests'
  const steps = trace.steps === null ? 'no steps marked' : `${trace.steps} ${kind} judged`
  const extras = trace.recordedWith.length === 0 ? '' : `; recorded with ${trace.recordedWith.join(', ')}`
  return wrapHanging(
    `Recording: ${trace.format}${version}, recognised by ${printable(trace.recognisedBy)}; ${steps}${extras}.`,
    width,
  )
}

const MOST_CHANGES = 8

/** What changed between two recordings. */
export function renderTraceComparison(doc: TraceComparisonDocument, options: TerminalOptions): string {
  const { width, colours } = paper(options)
  const rows = (head: string, all: readonly { name: string; beforeMs: number; afterMs: number }[]): string[] => {
    const shown = all.slice(0, MOST_CHANGES)
    if (shown.length === 0) return []
    return table(
      [
        { head, texts: shown.map(({ name }) => shorten(printable(name), Math.max(20, width - 40))) },
        { head: 'before', side: 'left', texts: shown.map(({ beforeMs }) => time(beforeMs)) },
        { head: 'after', side: 'left', texts: shown.map(({ afterMs }) => time(afterMs)) },
        { head: 'change', side: 'left', texts: shown.map(({ beforeMs, afterMs }) => signed(afterMs - beforeMs)) },
      ],
      colours,
    )
  }
  const { gone, new: fresh, stayed } = doc.findings
  const said = [
    ['Found before, not after', gone],
    ['Found after, not before', fresh],
    ['Found in both', stayed],
  ] as const
  return page([
    wrap(doc.answer, width).map(colours.bold),
    rows(
      'Of a recorded step',
      doc.changes.map(({ part, ...times }) => ({ name: part, ...times })),
    ),
    rows(
      'Operators',
      doc.operators.map(({ opType, ...times }) => ({ name: opType, ...times })),
    ),
    said.flatMap(([label, rules]) => (rules.length === 0 ? [] : wrapHanging(`${label}: ${rules.join(', ')}.`, width))),
    warningLines(doc.warnings, width, colours),
  ])
}

const signed = (ms: number): string => (ms > 0 ? `+${time(ms)}` : `−${time(-ms)}`)
