// The program of the page's other threads.

import "mysyncio/browser/thread";
