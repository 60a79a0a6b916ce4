/* fresh_dir.h - folders for cases, also gone after a case that failed: its process ends without its
 * teardown, so the program that started it removes what is left when it ends itself. */
#ifndef FRESH_DIR_H
#define FRESH_DIR_H

/* A fresh, empty folder; 40 bytes are enough for its path. */
void fresh_dir(char path[static 40]);

#endif
