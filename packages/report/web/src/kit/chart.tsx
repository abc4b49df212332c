// A drawing that is laid out again for the width it gets, so that its letters keep their size.
import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'

/** Width of an element in CSS pixels, kept current. */
function useWidth(first: number) {
  const ref = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(first)
  useLayoutEffect(() => {
    const element = ref.current
    if (element === null) return
    const read = () => setWidth(Math.max(240, Math.floor(element.clientWidth) || first))
    read()
    const observer = new ResizeObserver(read)
    observer.observe(element)
    return () => observer.disconnect()
  }, [first])
  return { ref, width }
}

interface ChartProps {
  readonly height: number | ((width: number) => number)
  /** Text for readers who do not see the drawing. */
  readonly label: string
  /** 'group' where marks in it can be reached by keys. */
  readonly role?: 'img' | 'group'
  readonly children: (width: number, height: number) => ComponentChildren
  readonly [attribute: `on${string}`]: unknown
}

export function Chart({ height, label, role = 'img', children, ...handlers }: ChartProps) {
  const { ref, width } = useWidth(720)
  const high = typeof height === 'number' ? height : height(width)
  return (
    <div ref={ref} class="chart">
      <svg width={width} height={high} viewBox={`0 0 ${width} ${high}`} role={role} aria-label={label} {...handlers}>
        {children(width, high)}
      </svg>
    </div>
  )
}
