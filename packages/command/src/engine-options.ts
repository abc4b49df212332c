// The options of a command as its engine takes them.

import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { engines } from '@whyslow/measure/engines/index.ts'
import { engineMeant } from '@whyslow/measure/engines/other-names.ts'
import type { EngineOptions, EnginePlaces } from '@whyslow/measure/engines/types.ts'
import { entriesForModel } from './model-files/model-for-engine.ts'
import { PLACES, type PlaceOptions, type WhyOptions } from './options.ts'

/** `given`: the model and the engine, if there is a model, whose format may need entries; the user's own entries have the last word. */
export const engineOptionsOf = (
  options: Pick<WhyOptions, 'threads' | 'graphOptimization' | 'configEntries'> & PlaceOptions,
  given?: { readonly model: Model; readonly engineId: string },
): EngineOptions => {
  const { threads, graphOptimization } = options
  const configEntries = { ...(given && entriesForModel(given.model, given.engineId)), ...options.configEntries }
  return { threads, graphOptimization, executionMode: 'sequential', configEntries, ...placesOf(options) }
}

/** The places of engines that the options name. */
export const placesOf = (options: PlaceOptions): EnginePlaces => ({
  packageFrom: options.ort,
  ...Object.fromEntries(PLACES.flatMap((place) => (place === 'ort' || options[place] === null ? [] : [[place, options[place]]]))),
})

/** Throws InputError if there is no such engine. */
export function checkEngine(id: string, flag = '--engine'): void {
  if (engines.some((engine) => engine.id === id)) return
  const meant = engineMeant(id)
  if (meant !== undefined)
    throw new InputError(`${flag} ${id}: no such engine; did you mean ${meant.id}? whyslow doctor lists all engines`)
  throw new InputError(`${flag} ${id}: no such engine; give one of: ${engines.map((engine) => engine.id).join(', ')}`)
}
