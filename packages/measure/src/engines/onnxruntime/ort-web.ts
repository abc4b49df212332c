// The package onnxruntime-web, an optional peer: where it is, and what every engine on it shares.
// https://onnxruntime.ai/docs/tutorials/web/env-flags-and-session-options.html
import { type FoundPackage, findPackage, installCommand, placesOf } from '../find-package.ts'

export const WEB_PACKAGE = 'onnxruntime-web'
export const INSTALL_WEB = installCommand(WEB_PACKAGE)

export const findWeb = (packageFrom: string | null): FoundPackage | null => findPackage(WEB_PACKAGE, packageFrom)

export const webNotInstalled = (packageFrom: string | null) => ({
  ok: false as const,
  reason: `${WEB_PACKAGE} was not found ${placesOf(WEB_PACKAGE, packageFrom)}`,
  fix: INSTALL_WEB,
})
