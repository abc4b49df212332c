// The parts of a page below its first screen: drawn after that is painted, each on its own.
import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Boundary } from './kit/boundary.tsx'
import { place } from './place.ts'

export interface Part {
  readonly id: string
  readonly title: string
  readonly draw: () => ComponentChildren
}

/** One of a document of this kind; without `when` it is always there. */
export interface PartOf<Document> {
  readonly id: string
  readonly title: string
  readonly draw: (document: Document) => ComponentChildren
  readonly when?: (document: Document) => boolean
}

export const partsOf = <Document,>(all: readonly PartOf<Document>[], document: Document): readonly Part[] =>
  all.filter(({ when }) => when?.(document) ?? true).map(({ id, title, draw }) => ({ id, title, draw: () => draw(document) }))

/** Once the first screen is painted; until then an empty `.later` is in their place. Scrolls to the part that the address names. */
export function LaterParts({ parts }: { parts: readonly Part[] }) {
  const isDrawn = useAfterFirstPaint()
  useScrollToPlace(isDrawn)
  return isDrawn ? <Parts parts={parts} /> : <div class="later" hidden />
}

export function Parts({ parts }: { parts: readonly Part[] }) {
  return (
    <>
      {parts.map(({ id, title, draw }) => (
        <section key={id} id={id} class="part" aria-labelledby={`${id}-title`}>
          <h2 id={`${id}-title`}>{title}</h2>
          <Boundary>{draw()}</Boundary>
        </section>
      ))}
    </>
  )
}

function useAfterFirstPaint(): boolean {
  const [isDrawn, draw] = useState(false)
  useEffect(() => {
    const frame = requestAnimationFrame(() => setTimeout(() => draw(true)))
    // A page in the background gets no frames, and printing does not wait for one.
    const timer = setTimeout(() => draw(true), 200)
    return () => {
      cancelAnimationFrame(frame)
      clearTimeout(timer)
    }
  }, [])
  return isDrawn
}

function useScrollToPlace(isDrawn: boolean): void {
  const { at } = place.value
  useEffect(() => {
    if (isDrawn && at !== undefined) document.getElementById(at)?.scrollIntoView()
  }, [isDrawn, at])
}
