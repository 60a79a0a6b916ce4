#include "fixture.h"

#include <archive.h>
#include <archive_entry.h>
#include <check.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fresh_dir.h"
#include "fs.h"
#include "units.h"

char fixture_dir[64];

void fixture_set_up(void)
{
	fresh_dir(fixture_dir);
}

void fixture_tear_down(void)
{
	bl_remove_tree(fixture_dir, NULL);
}

char *fixture_path(const char *name)
{
	return bl_strf("%s/%s", fixture_dir, name);
}

static void put(const char *path, const void *data, size_t len)
{
	BL_CLEANUP(bl_freep) char *dir = strdup(path);

	*strrchr(dir, '/') = '\0';
	ck_assert_int_eq(bl_mkdir_p(dir, NULL), 0);
	ck_assert_int_eq(bl_write_file(path, data, len, NULL), 0);
}

void fixture_kernel(const char *path, const char *release)
{
	char head[2048] = {0};

	memcpy(head + 0x202, "HdrS", 4);
	head[0x20f] = 0x04; /* the text lies at 0x200 + 0x400 */
	snprintf(head + 0x600, 128, "%s (somebody@somewhere) #1 SMP", release);
	put(path, head, sizeof head);
}

/* A module as depmod sees one: an ELF relocatable file whose .modinfo names itself and what
 * it depends on; a symbol table makes the dependency. */
static void make_module(const char *path, const char *name, const char *provides, const char *needs)
{
	struct {
		Elf64_Ehdr head;
		Elf64_Shdr sections[6];
		Elf64_Sym symbols[3];
		char names[64], strings[128], info[128], ksymtab[16];
	} m = {0};
	static const char section_names[] = "\0.shstrtab\0.symtab\0.strtab\0.modinfo\0.ksymtab";
	size_t at = 1;

	memcpy(m.head.e_ident, ELFMAG, SELFMAG);
	m.head.e_ident[EI_CLASS] = ELFCLASS64;
	m.head.e_ident[EI_DATA] = ELFDATA2LSB;
	m.head.e_ident[EI_VERSION] = EV_CURRENT;
	m.head.e_type = ET_REL;
	m.head.e_machine = EM_X86_64;
	m.head.e_version = EV_CURRENT;
	m.head.e_shoff = offsetof(__typeof__(m), sections);
	m.head.e_ehsize = sizeof m.head;
	m.head.e_shentsize = sizeof m.sections[0];
	m.head.e_shnum = 6;
	m.head.e_shstrndx = 1;
	memcpy(m.names, section_names, sizeof section_names);
	snprintf(m.info, sizeof m.info, "name=%s%cdepends=", name, 0);
	if (provides) {
		m.symbols[1].st_name = (Elf64_Word)at;
		m.symbols[1].st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT);
		m.symbols[1].st_shndx = SHN_ABS;
		at += 1 + (size_t)snprintf(m.strings + at, 60, "__crc_%s", provides);
	}
	if (needs) {
		m.symbols[2].st_name = (Elf64_Word)at;
		m.symbols[2].st_info = ELF64_ST_INFO(STB_GLOBAL, STT_NOTYPE);
		m.symbols[2].st_shndx = SHN_UNDEF;
		snprintf(m.strings + at, 60, "%s", needs);
	}
	m.sections[1] = (Elf64_Shdr){.sh_name = 1,
				     .sh_type = SHT_STRTAB,
				     .sh_offset = offsetof(__typeof__(m), names),
				     .sh_size = sizeof m.names,
				     .sh_addralign = 1};
	m.sections[2] = (Elf64_Shdr){.sh_name = 11,
				     .sh_type = SHT_SYMTAB,
				     .sh_link = 3,
				     .sh_offset = offsetof(__typeof__(m), symbols),
				     .sh_size = sizeof m.symbols,
				     .sh_info = 1,
				     .sh_entsize = sizeof m.symbols[0],
				     .sh_addralign = 8};
	m.sections[3] = (Elf64_Shdr){.sh_name = 19,
				     .sh_type = SHT_STRTAB,
				     .sh_offset = offsetof(__typeof__(m), strings),
				     .sh_size = sizeof m.strings,
				     .sh_addralign = 1};
	m.sections[4] = (Elf64_Shdr){.sh_name = 27,
				     .sh_type = SHT_PROGBITS,
				     .sh_flags = SHF_ALLOC,
				     .sh_offset = offsetof(__typeof__(m), info),
				     .sh_size = sizeof m.info,
				     .sh_addralign = 1};
	m.sections[5] = (Elf64_Shdr){.sh_name = 36,
				     .sh_type = SHT_PROGBITS,
				     .sh_flags = SHF_ALLOC,
				     .sh_offset = offsetof(__typeof__(m), ksymtab),
				     .sh_size = sizeof m.ksymtab,
				     .sh_addralign = 1};
	put(path, &m, sizeof m);
}

/* @path becomes @path.xz */
static void compress_xz(const char *path)
{
	BL_CLEANUP(bl_freep) char *out = bl_strf("%s.xz", path);
	struct archive *a = archive_write_new();
	struct archive_entry *e = archive_entry_new();
	struct bl_buf b = BL_BUF_INIT;

	ck_assert_int_eq(bl_read_file(path, MiB, &b, NULL), 0);
	ck_assert_int_eq(archive_write_add_filter_xz(a), ARCHIVE_OK);
	ck_assert_int_eq(archive_write_set_format_raw(a), ARCHIVE_OK);
	ck_assert_int_eq(archive_write_open_filename(a, out), ARCHIVE_OK);
	archive_entry_set_filetype(e, AE_IFREG);
	ck_assert_int_eq(archive_write_header(a, e), ARCHIVE_OK);
	ck_assert_int_eq(archive_write_data(a, b.data, b.len), (la_ssize_t)b.len);
	ck_assert_int_eq(archive_write_close(a), ARCHIVE_OK);
	archive_entry_free(e);
	archive_write_free(a);
	bl_buf_done(&b);
	ck_assert_int_eq(remove(path), 0);
}

void fixture_package(const char *dir, const char *release)
{
	static const struct {
		const char *file, *name, *provides, *needs;
	} modules[] = {
		{"virtio/virtio_ring.ko", "virtio_ring", "ring_add", NULL},
		{"virtio/virtio.ko", "virtio", "virtio_add", "ring_add"},
		{"block/virtio_blk.ko", "virtio_blk", NULL, "virtio_add"},
		{"scsi/sd_mod.ko", "sd_mod", NULL, NULL},
	};
	static const char builtin[] = "kernel/drivers/nvme/host/nvme.ko\n";
	BL_CLEANUP(bl_freep) char *kernel = NULL, *base = NULL, *list = NULL, *order = NULL;
	BL_CLEANUP(bl_freep) char *info = NULL, *sd = NULL;

	kernel = bl_strf("%s/%s/boot/vmlinuz-%s", fixture_dir, dir, release);
	base = bl_strf("%s/%s/lib/modules/%s", fixture_dir, dir, release);
	list = bl_strf("%s/modules.builtin", base);
	order = bl_strf("%s/modules.order", base);
	info = bl_strf("%s/modules.builtin.modinfo", base);
	sd = bl_strf("%s/kernel/drivers/scsi/sd_mod.ko", base);
	fixture_kernel(kernel, release);
	put(list, builtin, strlen(builtin));
	put(order, "", 0);
	put(info, "nvme.file=drivers/nvme/host/nvme", 33);
	for (size_t i = 0; i < BL_ARRAY_LEN(modules); i++) {
		BL_CLEANUP(bl_freep)
		char *path = bl_strf("%s/kernel/drivers/%s", base, modules[i].file);

		make_module(path, modules[i].name, modules[i].provides, modules[i].needs);
	}
	compress_xz(sd);
}

static void add_tree(struct archive *a, const char *top)
{
	struct archive *disk = archive_read_disk_new();
	struct archive_entry *e = archive_entry_new();
	struct bl_buf b = BL_BUF_INIT;

	ck_assert_int_eq(archive_read_disk_open(disk, top), ARCHIVE_OK);
	while (archive_read_next_header2(disk, e) == ARCHIVE_OK) {
		BL_CLEANUP(bl_freep) char *real = strdup(archive_entry_pathname(e));
		BL_CLEANUP(bl_freep) char *name = bl_strf(".%s", real + strlen(top));

		archive_read_disk_descend(disk);
		archive_entry_set_pathname(e, name);
		ck_assert_int_eq(archive_write_header(a, e), ARCHIVE_OK);
		if (archive_entry_filetype(e) != AE_IFREG)
			continue;
		ck_assert_int_eq(bl_read_file(real, MiB, &b, NULL), 0);
		ck_assert_int_eq(archive_write_data(a, b.data, b.len), (la_ssize_t)b.len);
		bl_buf_done(&b);
	}
	archive_entry_free(e);
	archive_read_free(disk);
}

static void add_member(struct archive *ar, const char *name, const char *path)
{
	struct archive_entry *e = archive_entry_new();
	struct bl_buf b = BL_BUF_INIT;

	if (path)
		ck_assert_int_eq(bl_read_file(path, 16 * MiB, &b, NULL), 0);
	archive_entry_set_pathname(e, name);
	archive_entry_set_mode(e, AE_IFREG | 0644);
	archive_entry_set_size(e, (la_int64_t)b.len);
	ck_assert_int_eq(archive_write_header(ar, e), ARCHIVE_OK);
	if (b.len)
		ck_assert_int_eq(archive_write_data(ar, b.data, b.len), (la_ssize_t)b.len);
	archive_entry_free(e);
	bl_buf_done(&b);
}

void fixture_deb(const char *dir, const char *filter)
{
	BL_CLEANUP(bl_freep) char *top = fixture_path(dir), *data = fixture_path("data.tar");
	BL_CLEANUP(bl_freep) char *deb = bl_strf("%s.deb", top);
	BL_CLEANUP(bl_freep) char *name = bl_strf("data.tar.%s", filter);
	struct archive *tar = archive_write_new(), *ar = archive_write_new();

	ck_assert_int_eq(archive_write_add_filter_by_name(tar, filter), ARCHIVE_OK);
	ck_assert_int_eq(archive_write_set_format_gnutar(tar), ARCHIVE_OK);
	ck_assert_int_eq(archive_write_open_filename(tar, data), ARCHIVE_OK);
	add_tree(tar, top);
	ck_assert_int_eq(archive_write_free(tar), ARCHIVE_OK);
	ck_assert_int_eq(archive_write_set_format_ar_svr4(ar), ARCHIVE_OK);
	ck_assert_int_eq(archive_write_open_filename(ar, deb), ARCHIVE_OK);
	add_member(ar, "debian-binary", NULL);
	add_member(ar, name, data);
	ck_assert_int_eq(archive_write_free(ar), ARCHIVE_OK);
}

void fixture_agent(const char *name, bool is_dynamic)
{
	BL_CLEANUP(bl_freep) char *path = fixture_path(name);
	struct {
		Elf64_Ehdr head;
		Elf64_Phdr program;
	} elf = {0};

	memcpy(elf.head.e_ident, ELFMAG, SELFMAG);
	elf.head.e_ident[EI_CLASS] = ELFCLASS64;
	elf.head.e_phoff = sizeof elf.head;
	elf.head.e_phentsize = sizeof elf.program;
	elf.head.e_phnum = 1;
	elf.program.p_type = is_dynamic ? PT_INTERP : PT_LOAD;
	put(path, &elf, sizeof elf);
}

static struct archive *open_cpio(const char *initrd)
{
	struct archive *a = archive_read_new();

	ck_assert_int_eq(archive_read_support_format_cpio(a), ARCHIVE_OK);
	ck_assert_int_eq(archive_read_open_filename(a, initrd, 10240), ARCHIVE_OK);
	return a;
}

char *fixture_list(const char *initrd)
{
	struct archive *a = open_cpio(initrd);
	struct bl_buf list = BL_BUF_INIT;
	struct archive_entry *e;

	while (archive_read_next_header(a, &e) == ARCHIVE_OK) {
		ck_assert_int_eq(archive_entry_mtime(e), 0);
		ck_assert_int_eq(archive_entry_uid(e), 0);
		bl_buf_addf(&list, "%o %s\n", (unsigned)archive_entry_mode(e),
			    archive_entry_pathname(e));
	}
	archive_read_free(a);
	return bl_buf_take(&list);
}

void fixture_member(const char *initrd, const char *path, struct bl_buf *out)
{
	struct archive *a = open_cpio(initrd);
	struct archive_entry *e;
	char chunk[4096];
	la_ssize_t n;

	while (archive_read_next_header(a, &e) == ARCHIVE_OK)
		if (!strcmp(archive_entry_pathname(e), path))
			while ((n = archive_read_data(a, chunk, sizeof chunk)) > 0)
				bl_buf_add(out, chunk, (size_t)n);
	archive_read_free(a);
}
