import { defineConfig } from "vite";

// The page is served by the hub itself, under a policy that allows nothing but the hub's own files: no inlined assets.
export default defineConfig({
  base: "./",
  build: {
    outDir: "../map_api/static",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    chunkSizeWarningLimit: 1500,
  },
  server: { host: "127.0.0.1", proxy: { "/api": { target: "http://127.0.0.1:8765", changeOrigin: true } } },
});
