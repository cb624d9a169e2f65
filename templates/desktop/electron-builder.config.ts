/** How the app is packaged. `npm run package` reads it; docs/shipping.md explains signing, notarizing and updating. */
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Configuration } from 'electron-builder'
import { packagedVersion, VendoredPython } from './scripts/packaging/checks.ts'
import { signMacApp } from './scripts/packaging/sign.ts'

const project = import.meta.dirname
const manifest = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'))
const { appId, productName } = manifest
// Without its scope.
const name = basename(manifest.name)
const version = packagedVersion(manifest)
const python = new VendoredPython(join(project, 'dist-ext-python'), name)

const configuration: Configuration = {
  appId,
  productName,
  // Only the packaged copy of package.json gets them. A .deb needs a homepage.
  extraMetadata: { version, homepage: manifest.homepage ?? 'https://example.com' },

  // electron-vite bundles everything that runs, so the archive needs no node_modules.
  files: ['out/**', 'package.json'],
  asar: true,
  beforeBuild: async () => false,

  // `npm run vendor` writes both folders. The app never writes into them.
  extraResources: [
    { from: 'dist-ext-python/python', to: 'python' },
    { from: `dist-ext-python/${name}`, to: name },
    'mlx.config.json',
  ],
  beforePack: (context) => python.check(version, context),

  // https://www.electronjs.org/docs/latest/tutorial/fuses
  electronFuses: {
    runAsNode: false,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    onlyLoadAppFromAsar: true,
    enableCookieEncryption: true,
    enableEmbeddedAsarIntegrityValidation: true,
    grantFileProtocolExtraPrivileges: false,
    // electron-builder signs nothing without a certificate, and a Mac refuses to start code that was changed after signing.
    resetAdHocDarwinSignature: process.platform === 'darwin',
  },

  mac: {
    target: [
      { target: 'dmg', arch: 'arm64' },
      // Updates on macOS are installed from the zip.
      { target: 'zip', arch: 'arm64' },
    ],
    category: 'public.app-category.productivity',
    icon: 'build/icon.icns',
    ...(python.oldestMacos !== undefined && { minimumSystemVersion: python.oldestMacos }),
    entitlements: 'build/entitlements.mac.plist',
    // The helpers of Electron and Python need the same.
    entitlementsInherit: 'build/entitlements.mac.plist',
    sign: signMacApp,
    // Notarizes and staples if the variables in docs/shipping.md are set.
    notarize: true,
  },
  linux: {
    target: ['AppImage', 'deb'],
    executableName: name,
    category: 'Utility',
    icon: 'build/icon.png',
    // Package managers show it.
    maintainer: `${productName} <${name}@example.com>`,
  },
  appImage: {
    // An update replaces the file in place, so its name has no version.
    artifactName: `${name}-\${arch}.AppImage`,
    // By default, the desktop entry turns Chromium's sandbox off.
    executableArgs: [],
  },

  // Set it to the place of your updates, such as { provider: 'generic', url: 'https://example.com/updates' }.
  publish: null,
}

export default configuration
