// The page that `mysyncio inspect` serves, the files that this page loads, and its policy.

/** Returns the page at `/`. It needs no `unsafe-inline`, as it has no inline script or style. */
export const inspectorDocument = (mayCancel: boolean): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>mysyncio inspect</title>
<link rel="icon" href="data:,">
<script type="module" src="/element.js"></script>
</head>
<body>
<main><mysyncio-inspector src="" fill${mayCancel ? " allow-cancel" : ""}></mysyncio-inspector></main>
</body>
</html>
`;

/** The files of `dist/` that the page loads, by their paths on the server. */
export const INSPECTOR_FILES: Readonly<Record<string, string>> = {
  "/element.js": "inspectorElement.js",
  "/inspectorGraph.js": "inspectorGraph.js",
};

/** The `Content-Security-Policy` of the page. */
export const INSPECTOR_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");
