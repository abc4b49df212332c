import type { Plugin } from 'vite'

export const FOLDERS: readonly string[]
export function thresholdsOf(source: string): { name: string; value: number }[]
export function changed(value: number, factor: number): number
export function withChanged(source: string, name: string, factor: number): string
export const mutantPlugin: Plugin
