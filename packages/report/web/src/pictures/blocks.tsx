// The model as blocks in the user's own names: the whole on top, below it what it consists of, width = time. Blocks are in the order in which
// they run; one can be looked into.
import { useState } from 'preact/hooks'
import { percent, plural, time } from '../format.ts'
import { Chart } from '../kit/chart.tsx'
import { Figure } from '../kit/figure.tsx'
import { useReach } from '../kit/marks.tsx'
import { Name, nodeTitle, shownName } from '../kit/name.tsx'
import { type Block, blockTree } from '../operators/blocks.ts'
import type { Report } from '../page-data.ts'
import { placeWith } from '../place.ts'

const ROW = 30
const MOST_DEPTH = 6
/** Narrower ones are drawn together. */
const LEAST_PX = 3
const MOST_ROWS = 400

interface Tile {
  readonly x: number
  readonly width: number
  readonly depth: number
  readonly name: string
  /** What is written on it. */
  readonly label: string
  readonly timeMs: number
  readonly many: number
  /** null: an operator, or several small ones. */
  readonly block: Block | null
}

export function Blocks({ report }: { report: Report }) {
  const [root] = useState(() => simplified(blockTree(report.nodes)))
  const [top, setTop] = useState<Block>(root)
  const ranked = flat(root)
    .filter(({ depth }) => depth > root.depth)
    .sort((a, b) => b.timeMs - a.timeMs)
  const whole = root.timeMs
  const first = ranked[0]
  let sum = 0
  const rows = topBlocks(root).map((block) => {
    sum += block.timeMs
    return { block, cumulative: sum / whole }
  })
  if (whole <= 0) return null
  return (
    <Figure
      title="Which blocks of the model take the time?"
      says={
        first === undefined ? (
          'The names in this model form no blocks.'
        ) : (
          <>
            <Name text={blockName(first)} most={60} /> takes {time(first.timeMs)}, {percent(first.timeMs / whole)} of the time of
            all operators.
          </>
        )
      }
      rows={[
        ...rows,
        ...ranked.filter((block) => !rows.some((row) => row.block === block)).map((block) => ({ block, cumulative: null })),
      ].slice(0, MOST_ROWS)}
      tableTitle="The blocks as a table, with shares added up"
      columns={[
        { head: 'block', show: ({ block }) => <Name text={blockName(block)} />, value: ({ block }) => blockName(block) },
        { head: 'operators', show: ({ block }) => block.many, isNumber: true },
        { head: 'time', show: ({ block }) => time(block.timeMs), value: ({ block }) => block.timeMs, isNumber: true },
        {
          head: 'share',
          show: ({ block }) => percent(block.timeMs / whole),
          value: ({ block }) => block.timeMs / whole,
          isNumber: true,
        },
        {
          head: 'so far',
          show: ({ cumulative }) => (cumulative === null ? 'within another' : percent(cumulative)),
          isNumber: true,
        },
      ]}
      note="Width is time, the darker the more of it; from left to right in the order in which they run. Choose a block to look into it."
    >
      {top !== root && (
        <p>
          <button type="button" class="button" onClick={() => setTop(root)}>
            ← the whole model
          </button>{' '}
          <Name text={blockName(top)} most={80} />, {time(top.timeMs)}{' '}
          <a href={placeWith({ at: 'operators', q: blockName(top), group: '' })}>its operators in the table</a>
        </p>
      )}
      <Icicle top={top} whole={whole} report={report} onOpen={setTop} />
    </Figure>
  )
}

/** Levels with a single block and nothing else say nothing: they are skipped. */
function simplified(root: Block): Block {
  let block = root
  while (block.children.length === 1 && block.nodes.length === 0) block = block.children[0]!
  return block
}

const blockName = ({ path, name }: Block): string => (path === '' ? name : path.slice(1))

const flat = (block: Block): Block[] => [block, ...block.children.flatMap(flat)]

/** The children of the whole, largest first. */
const topBlocks = (root: Block): Block[] => [...root.children].sort((a, b) => b.timeMs - a.timeMs)

function tilesOf(top: Block, report: Report, width: number): Tile[] {
  const tiles: Tile[] = []
  const place = (block: Block, x: number, depth: number, perMs: number) => {
    if (depth >= MOST_DEPTH) return
    let at = x
    let small = { x: 0, timeMs: 0, many: 0 }
    const flush = () => {
      const own = small.timeMs * perMs
      if (small.many > 0)
        tiles.push({
          x: small.x,
          width: own,
          depth,
          name: `${small.many} small ones`,
          label: '',
          timeMs: small.timeMs,
          many: small.many,
          block: null,
        })
      small = { x: 0, timeMs: 0, many: 0 }
    }
    for (const part of partsOf(block, report)) {
      const own = part.timeMs * perMs
      if (own < LEAST_PX) {
        if (small.many === 0) small.x = at
        small = { x: small.x, timeMs: small.timeMs + part.timeMs, many: small.many + part.many }
      } else {
        flush()
        tiles.push({ ...part, x: at, width: own, depth })
        if (part.block !== null) place(part.block, at, depth + 1, perMs)
      }
      at += own
    }
    flush()
  }
  const perMs = width / top.timeMs
  tiles.push({ x: 0, width, depth: 0, name: top.name, label: top.name, timeMs: top.timeMs, many: top.many, block: top })
  place(top, 0, 1, perMs)
  return tiles
}

/** What stands right in a block: its blocks, and its operators. */
function partsOf(block: Block, { nodes }: Report): Omit<Tile, 'x' | 'width' | 'depth'>[] {
  const blocks = block.children.map((child) => ({
    name: child.name,
    label: child.name,
    timeMs: child.timeMs,
    many: child.many,
    block: child,
  }))
  const own = block.nodes.map((index) => {
    const node = nodes[index]!
    return { name: `${node.opType} ${nodeTitle(node, 80)}`, label: node.opType, timeMs: node.timeMs, many: 1, block: null }
  })
  return [...blocks, ...own]
}

interface IcicleProps {
  readonly top: Block
  readonly whole: number
  readonly report: Report
  onOpen(block: Block): void
}

function Icicle({ top, whole, report, onOpen }: IcicleProps) {
  const [tiles, setTiles] = useState<readonly Tile[]>([])
  const reach = useReach(tiles.length, (index) => {
    const block = tiles[index]?.block
    if (block != null && block.children.length + block.nodes.length > 0) onOpen(block)
  })
  const spoken = tiles[reach.at]
  const depth = Math.max(1, ...tiles.map((tile) => tile.depth)) + 1
  return (
    <>
      <Chart
        height={depth * ROW}
        label="Blocks of the model by time; arrow keys move between them, Enter looks into one"
        role="group"
        {...reach.handlers}
      >
        {(width) => (
          <Tiles width={width} top={top} whole={whole} report={report} tiles={tiles} onTiles={setTiles} reach={reach} />
        )}
      </Chart>
      <p class="spoken" aria-live="polite">
        {spoken === undefined ? (
          <span class="soft">Point at a block, or reach it with the arrow keys.</span>
        ) : (
          <>
            <Name text={spoken.name} most={100} /> · {time(spoken.timeMs)} · {percent(spoken.timeMs / whole)} ·{' '}
            {plural(spoken.many, 'operator')}
          </>
        )}
      </p>
    </>
  )
}

interface TilesProps {
  readonly width: number
  readonly top: Block
  readonly whole: number
  readonly report: Report
  readonly tiles: readonly Tile[]
  readonly reach: ReturnType<typeof useReach>
  onTiles(tiles: readonly Tile[]): void
}

function Tiles({ width, top, whole, report, tiles, reach, onTiles }: TilesProps) {
  const [drawn, setDrawn] = useState<{ top: Block | null; width: number }>({ top: null, width: 0 })
  if (drawn.top !== top || drawn.width !== width) {
    setDrawn({ top, width })
    queueMicrotask(() => onTiles(tilesOf(top, report, width)))
  }
  return (
    <>
      {tiles.map(({ x, width: own, depth, name, label, timeMs, many }, index) => (
        <g
          key={`${depth} ${x}`}
          transform={`translate(${x},${depth * ROW})`}
          {...reach.markProps(
            index,
            `${shownName(name, 80)}, ${time(timeMs)}, ${percent(timeMs / whole)}, ${plural(many, 'operator')}`,
          )}
        >
          <rect
            class="tile"
            width={Math.max(1, own - 1)}
            height={ROW - 2}
            rx={2}
            style={{ '--heat': `${heat(timeMs / whole)}%` }}
          />
          {own > 34 && (
            <text x={5} y={ROW / 2} dy="0.2em" aria-hidden="true">
              {fitted(label, own - 8)}
            </text>
          )}
        </g>
      ))}
    </>
  )
}

/** Percent of colour by the share of the whole, so that a block of a tenth is seen as one; letters stay readable on the deepest. */
const heat = (share: number): number => Math.round(6 + 50 * Math.sqrt(Math.max(0, Math.min(1, share))))

const LETTER = 6.9

/** As much of it as has room, from its start. */
function fitted(text: string, px: number): string {
  const room = Math.floor(px / LETTER)
  const shown = shownName(text, 60)
  return shown.length <= room ? shown : `${shown.slice(0, Math.max(1, room - 1))}…`
}
