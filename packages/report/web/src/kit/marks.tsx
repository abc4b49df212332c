// Marks that can be reached: one tab stop for a drawing, arrow keys between its marks, what a mark says next to it on focus and on pointing,
// and Escape takes it away.
import { useState } from 'preact/hooks'

export interface Reach {
  /** Index of the mark that is spoken of; -1: none. */
  readonly at: number
  readonly pinned: boolean
  point(index: number): void
  leave(): void
  /** For the drawing. */
  readonly handlers: {
    onKeyDown(event: KeyboardEvent): void
    onMouseLeave(): void
    onFocusOut(event: FocusEvent): void
  }
  /** For the mark of this place. */
  markProps(index: number, label: string): Record<string, unknown>
}

const STEPS: Readonly<Record<string, number>> = {
  ArrowRight: 1,
  ArrowDown: 1,
  ArrowLeft: -1,
  ArrowUp: -1,
  PageDown: 10,
  PageUp: -10,
}

/** `many`: how many marks. `onOpen`: Enter, or a click. */
export function useReach(many: number, onOpen: (index: number) => void = () => {}): Reach {
  const [at, set] = useState(-1)
  const [stop, setStop] = useState(0)
  const [pinned, pin] = useState(false)
  const focus = (index: number, svg: Element | null) => {
    setStop(index)
    set(index)
    svg?.querySelector<SVGElement>(`[data-mark="${index}"]`)?.focus()
  }
  return {
    at: at < many ? at : -1,
    pinned,
    point: (index) => !pinned && set(index),
    leave: () => !pinned && set(-1),
    handlers: {
      onKeyDown(event) {
        const svg = (event.target as Element).closest('svg')
        if (event.key === 'Escape') return set(-1)
        if (event.key === 'Home') focus(0, svg)
        else if (event.key === 'End') focus(many - 1, svg)
        else if (event.key === 'Enter' || event.key === ' ') onOpen(stop)
        else if (STEPS[event.key] !== undefined) focus(Math.max(0, Math.min(many - 1, stop + STEPS[event.key]!)), svg)
        else return
        event.preventDefault()
      },
      onMouseLeave: () => !pinned && set(-1),
      onFocusOut: (event) => {
        if (!(event.currentTarget as Element).contains(event.relatedTarget as Element | null)) {
          pin(false)
          set(-1)
        }
      },
    },
    markProps: (index, label) => ({
      'data-mark': index,
      tabIndex: index === Math.min(stop, many - 1) ? 0 : -1,
      role: 'img',
      'aria-label': label,
      onFocus: () => {
        setStop(index)
        set(index)
      },
      onMouseEnter: () => !pinned && set(index),
      onClick: () => onOpen(index),
    }),
  }
}
