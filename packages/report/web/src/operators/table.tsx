// The table of operators: as many live rows as are seen, of any number; sorted, filtered, grouped, and all of it by keys.
import { useComputed, useSignal } from '@preact/signals'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { known, percent, plural, sharePercent, time } from '../format.ts'
import { CopyButton } from '../kit/copy.tsx'
import { shownName } from '../kit/name.tsx'
import type { Report } from '../page-data.ts'
import { place, setPlace } from '../place.ts'
import { Detail } from './detail.tsx'
import {
  asCsv,
  filterRows,
  GROUPS,
  type Group,
  type Line,
  linesOf,
  nextIsUp,
  type Row,
  rowsOf,
  SORTS,
  type Sort,
} from './rows.ts'

const ROW_PX = 30
/** Rows beyond what is seen, so that a wheel's turn shows no gap. */
const SPARE = 12
const SEEN_ROWS = 18
const MOST_PRINTED = 200

const GROUP_TITLES: Readonly<Record<Group, string>> = {
  none: 'no grouping',
  operator: 'operator',
  block: 'block',
  bound: 'what binds it',
  cause: 'cause (finding)',
}

interface Head {
  readonly title: string
  readonly sort: Sort | null
  readonly css: string
  readonly tip: string
}

const HEADS: readonly Head[] = [
  { title: 'Operator, by your own names', sort: 'name', css: 'c-name', tip: 'Sort by name' },
  { title: 'Type', sort: 'operator', css: 'c-type', tip: 'Sort by operator type' },
  { title: 'Time', sort: 'time', css: 'c-time number', tip: 'Sort by time per prediction' },
  { title: 'Share', sort: null, css: 'c-share number', tip: 'Of the whole: the median, or what was recorded' },
  { title: 'So far', sort: null, css: 'c-sum number', tip: 'Shares added up to here' },
  { title: 'Above its floor', sort: 'above', css: 'c-above number', tip: 'Time over what this machine’s rates allow' },
  { title: 'Bound by', sort: null, css: 'c-bound', tip: 'What holds it back' },
]

const oneOf = <T extends string>(all: readonly T[], value: string | undefined, otherwise: T): T =>
  all.find((one) => one === value) ?? otherwise

export function OperatorTable({ report }: { report: Report }) {
  const rows = useMemo(() => rowsOf(report), [report])
  const open = useSignal<ReadonlySet<string>>(new Set())
  const query = useComputed(() => place.value.q ?? '')
  const sort = useComputed(() => oneOf(SORTS, place.value.sort, 'time'))
  const group = useComputed(() => oneOf(GROUPS, place.value.group, 'none'))
  const isUp = useComputed(() => place.value.up === '1')
  const order = useComputed(() => filterRows(rows, query.value, sort.value, isUp.value))
  const lines = useComputed(() => linesOf(rows, order.value, group.value, open.value))
  const [selected, select] = useState<Row | null>(null)
  const toggle = (name: string) => {
    const next = new Set(open.value)
    if (!next.delete(name)) next.add(name)
    open.value = next
  }
  const sumShare = Array.from(order.value).reduce((sum, at) => sum + rows[at]!.share, 0)
  return (
    <div class="operators">
      <Controls query={query.value} group={group.value} text={() => asCsv(rows, order.value)} />
      <p class="soft" aria-live="polite">
        {order.value.length === rows.length
          ? `${plural(rows.length, 'operator')} as the engine runs them`
          : `${order.value.length} of ${plural(rows.length, 'operator')}, ${sharePercent(sumShare)} of the time`}
        {', '}
        <span class="keys">
          keys: <kbd>/</kbd> search, <kbd>↑</kbd> <kbd>↓</kbd> move, <kbd>Enter</kbd> open, <kbd>Esc</kbd> close
        </span>
      </p>
      <div class={selected === null ? 'table-and-detail' : 'table-and-detail has-detail'}>
        <Grid lines={lines.value} sort={sort.value} isUp={isUp.value} onToggle={toggle} onSelect={select} selected={selected} />
        {selected !== null && <Detail row={selected} report={report} onClose={() => select(null)} />}
      </div>
    </div>
  )
}

function Controls({ query, group, text }: { query: string; group: Group; text: () => string }) {
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const element = event.target as HTMLElement
      if (event.key !== '/' || event.ctrlKey || event.metaKey || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName)) return
      event.preventDefault()
      input.current?.focus()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])
  return (
    <div class="controls">
      <label>
        Search
        <input
          ref={input}
          type="search"
          value={query}
          placeholder="name, type, bound:memory, cause:…"
          spellcheck={false}
          autocomplete="off"
          onInput={(event) => setPlace({ q: event.currentTarget.value })}
        />
      </label>
      <label>
        Group by
        <select value={group} onChange={(event) => setPlace({ group: event.currentTarget.value })}>
          {GROUPS.map((one) => (
            <option key={one} value={one}>
              {GROUP_TITLES[one]}
            </option>
          ))}
        </select>
      </label>
      <span class="control-end">
        <CopyButton text={text} label="Copy these operators as CSV" /> <span class="soft">as CSV</span>
      </span>
    </div>
  )
}

interface GridProps {
  readonly lines: readonly Line[]
  readonly sort: Sort
  readonly isUp: boolean
  readonly selected: Row | null
  onToggle(name: string): void
  onSelect(row: Row | null): void
}

function Grid({ lines, sort, isUp, selected, onToggle, onSelect }: GridProps) {
  const scroller = useRef<HTMLDivElement>(null)
  const top = useSignal(0)
  const [focused, focus] = useState(0)
  const [prints, setPrints] = useState(false)
  useEffect(() => {
    const [before, after] = [() => setPrints(true), () => setPrints(false)]
    addEventListener('beforeprint', before)
    addEventListener('afterprint', after)
    return () => {
      removeEventListener('beforeprint', before)
      removeEventListener('afterprint', after)
    }
  }, [])
  useEffect(() => {
    if (scroller.current !== null) scroller.current.scrollTop = 0
    top.value = 0
    focus(0)
  }, [lines])
  const open = (line: Line | undefined) => {
    if (line?.kind === 'group') onToggle(line.name)
    else if (line?.kind === 'row') onSelect(line.row)
  }
  const move = (to: number) => {
    const at = Math.max(0, Math.min(lines.length - 1, to))
    focus(at)
    const element = scroller.current
    if (element === null) return
    const [y, seen] = [at * ROW_PX, element.clientHeight - ROW_PX]
    if (y < element.scrollTop) element.scrollTop = y
    else if (y + ROW_PX > element.scrollTop + seen) element.scrollTop = y + ROW_PX - seen
    top.value = element.scrollTop
    requestAnimationFrame(() => element.querySelector<HTMLElement>(`[data-line="${at}"]`)?.focus({ preventScroll: true }))
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (!(event.target as HTMLElement).closest('[data-line]')) return
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: SEEN_ROWS - 2, PageUp: 2 - SEEN_ROWS }
    if (steps[event.key] !== undefined) move(focused + steps[event.key]!)
    else if (event.key === 'Home') move(0)
    else if (event.key === 'End') move(lines.length - 1)
    else if (event.key === 'Enter' || event.key === ' ') open(lines[focused])
    else if (event.key === 'Escape') onSelect(null)
    else return
    event.preventDefault()
  }
  const printed = lines.slice(0, MOST_PRINTED)
  return (
    <div class="grid-frame">
      <div
        ref={scroller}
        class="operator-grid"
        role="grid"
        aria-label="Operators"
        aria-rowcount={lines.length + 1}
        style={{ height: `${Math.min(SEEN_ROWS, lines.length + 1) * ROW_PX + 4}px` }}
        onScroll={(event) => {
          top.value = event.currentTarget.scrollTop
        }}
        onKeyDown={onKeyDown}
      >
        <HeadRow sort={sort} isUp={isUp} />
        {prints ? (
          <>
            {printed.map((line, at) => (
              <LineRow key={keyOf(line, at)} line={line} at={at} isStop={false} isSelected={false} onOpen={open} />
            ))}
            <p>{`${printed.length} of ${lines.length} lines are printed.`}</p>
          </>
        ) : (
          <Seen lines={lines} top={top.value} focused={focused} selected={selected} onOpen={open} onFocus={focus} />
        )}
      </div>
      {lines.length === 0 && <p class="soft">No operator is like that.</p>}
    </div>
  )
}

const keyOf = (line: Line, at: number): string => (line.kind === 'group' ? `group ${line.name}` : `${line.row.index} ${at}`)

interface SeenProps {
  readonly lines: readonly Line[]
  readonly top: number
  readonly focused: number
  readonly selected: Row | null
  onOpen(line: Line): void
  onFocus(at: number): void
}

/** The rows in sight, and the one that has the focus, wherever it is. */
function Seen({ lines, top, focused, selected, onOpen, onFocus }: SeenProps) {
  const from = Math.max(0, Math.floor(top / ROW_PX) - SPARE)
  const to = Math.min(lines.length, from + SEEN_ROWS + 2 * SPARE)
  const places = Array.from({ length: to - from }, (_, i) => from + i)
  if (focused < lines.length && (focused < from || focused >= to)) places.push(focused)
  return (
    <div class="spacer" role="rowgroup" style={{ height: `${lines.length * ROW_PX}px` }}>
      {places.map((at) => {
        const line = lines[at]!
        const isSelected = line.kind === 'row' && line.row === selected
        return (
          <LineRow
            key={keyOf(line, at)}
            line={line}
            at={at}
            isStop={at === focused}
            isSelected={isSelected}
            onOpen={(one) => {
              onFocus(at)
              onOpen(one)
            }}
          />
        )
      })}
    </div>
  )
}

function HeadRow({ sort, isUp }: { sort: Sort; isUp: boolean }) {
  return (
    <div class="grid-row grid-head" role="row" aria-rowindex={1}>
      {HEADS.map(({ title, sort: own, css, tip }) => (
        <div
          key={title}
          role="columnheader"
          class={css}
          title={tip}
          aria-sort={own !== null && own === sort ? (isUp ? 'ascending' : 'descending') : undefined}
        >
          {own === null ? (
            title
          ) : (
            <button type="button" onClick={() => setPlace({ sort: own, up: nextIsUp(own, sort, isUp) ? '1' : '' })}>
              {title}
              <span aria-hidden="true">{own === sort ? (isUp ? ' ▲' : ' ▼') : ''}</span>
            </button>
          )}
        </div>
      ))}
    </div>
  )
}

interface LineProps {
  readonly line: Line
  readonly at: number
  readonly isStop: boolean
  readonly isSelected: boolean
  onOpen(line: Line): void
}

function LineRow({ line, at, isStop, isSelected, onOpen }: LineProps) {
  return (
    <div
      class={`grid-row ${line.kind === 'group' ? 'group-row' : ''} ${isSelected ? 'selected' : ''}`}
      role="row"
      tabIndex={isStop ? 0 : -1}
      data-line={at}
      aria-rowindex={at + 2}
      aria-selected={isSelected}
      aria-expanded={line.kind === 'group' ? line.isOpen : undefined}
      style={{ top: `${at * ROW_PX}px` }}
      onClick={() => onOpen(line)}
    >
      {line.kind === 'group' ? <GroupCells line={line} /> : <RowCells line={line} />}
    </div>
  )
}

function GroupCells({ line }: { line: Extract<Line, { kind: 'group' }> }) {
  return (
    <>
      <Cell css="c-name">
        <span aria-hidden="true">{line.isOpen ? '▾ ' : '▸ '}</span>
        <bdi>{shownName(line.name)}</bdi> <span class="soft">{plural(line.many, 'operator')}</span>
      </Cell>
      <Cell css="c-type" />
      <Cell css="c-time number">{time(line.timeMs)}</Cell>
      <Cell css="c-share number">
        <Share share={line.share} />
      </Cell>
      <Cell css="c-sum number" />
      <Cell css="c-above number" />
      <Cell css="c-bound" />
    </>
  )
}

function RowCells({ line: { row, cumulative } }: { line: Extract<Line, { kind: 'row' }> }) {
  const { node, title, share, aboveMs } = row
  return (
    <>
      <Cell css="c-name" title={title}>
        <bdi>{title}</bdi>
      </Cell>
      <Cell css="c-type">
        <bdi>{shownName(node.opType, 40)}</bdi>
      </Cell>
      <Cell css="c-time number">{time(node.timeMs)}</Cell>
      <Cell css="c-share number">
        <Share share={share} />
      </Cell>
      <Cell css="c-sum number">{percent(cumulative)}</Cell>
      <Cell css="c-above number">{known(aboveMs, time)}</Cell>
      <Cell css="c-bound">
        {node.bound === null ? (
          <span class="soft">not known</span>
        ) : (
          <span class={`bound bound-${node.bound}`}>{node.bound}</span>
        )}
      </Cell>
    </>
  )
}

function Share({ share }: { share: number }) {
  return (
    <>
      <span class="share-bar" aria-hidden="true" style={{ width: `${Math.max(0, Math.min(1, share)) * 100}%` }} />
      <span class="share-text">{sharePercent(share)}</span>
    </>
  )
}

function Cell({ css, title, children }: { css: string; title?: string; children?: preact.ComponentChildren }) {
  return (
    <div role="gridcell" class={css} title={title}>
      {children}
    </div>
  )
}
