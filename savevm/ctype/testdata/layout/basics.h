/* One of each thing that decides a layout. */
#define NAME_LEN 16
#define FLAG_BIT (1UL << 5)
#define WORDS(n) ((n) + 31) / 32

enum small { SMALL_A, SMALL_B = 7, SMALL_C };
enum negative { NEG_A = -5, NEG_B, NEG_C = 100 };
enum large { LARGE_A = 1, LARGE_B = 0x80000000 };
enum huge_u { HUGE_A = 1, HUGE_B = 0x123456789ULL };
enum huge_s { HS_A = -1, HS_B = 0x123456789LL };
enum bits64 { B64_TOP = 1ULL << 63, B64_ALL = ~0ULL };
enum tiny { TINY_A, TINY_B = 200 } __attribute__((packed));
enum tiny_s { TS_A = -1, TS_B = 127 } __packed;
enum mid { MID_A = 256 } __packed;
enum arith {
	AR_SHIFT = 1 << 4 | 1, AR_MUL = 3 * (4 - 9) / 2, AR_MOD = -7 % 3, AR_COND = sizeof(int) == 4 ? 10 : 20,
	AR_CHAR = 'a', AR_NOT = ~0, AR_OCT = 0755, AR_CMP = (3 > 2) + (1 != 1), AR_AND = 0xff & ~0x0f, AR_XOR = 5 ^ 3,
	AR_CAST = (unsigned char)300, AR_NEG = -(2), AR_LOG = 1 && 0 || !0, AR_SIZEOF = sizeof(enum small) + sizeof(char[NAME_LEN]),
};

struct integers {
	char c; signed char sc; unsigned char uc; short s; unsigned short us; int i; unsigned int ui;
	long l; unsigned long ul; long long ll; unsigned long long ull; bool b; float f; double d; char tail;
};
struct spellings {
	long int unsigned a; short signed int b; unsigned c; signed d; long long unsigned int e; long unsigned f; int long long g; char unsigned h;
	const volatile int i; int const *const j; size_t k; uintptr_t l; wchar_t m; uint8_t n; int64_t o;
};
struct ld { char c; long double d; char e; };
struct i64 { char c; u64 a; int b; s64 d; };
struct i64_array { char c; u64 a[3]; char d; double e[2]; };
struct pointers { char c; void *p; int (*fn)(int, char *); char d; struct undefined *u; void (*table[3])(void); int (*(*fnfn)(int))(void); };
struct arrays { char a[3]; int b[2][3]; char c[NAME_LEN + 1]; short d[sizeof(struct integers) / 8]; u8 e[(1 << 3) - 1]; int (*pa)[4]; };
struct nested { char a; struct inner { int x; char y; } in; char b; union { long long w; char v[3]; } un; struct inner again[2]; };
struct anonymous { int a; union { int b; struct { short c, d; }; char e[6]; }; struct { char f; long long g; }; char h; };
struct empty { };
struct holds_empty { char a; struct empty e; int b; };
struct flexible { int n; char data[]; };
struct flexible64 { char n; u64 data[]; };
struct zero_length { int n; short mark[0]; char data[0]; };
struct flex_union { int n; union { char bytes[0]; u64 words[0]; }; };
struct list { struct list *next, **prev; };
union onion { char a; short b; int c[3]; double d; struct { char e; u64 f; } g; };
typedef struct { char a; int b; } plain_t, *plain_p;
typedef plain_t plain_array_t[3];
struct uses_typedef { char c; plain_t a; plain_p p; plain_array_t arr; };
typedef int (*callback_t)(void *, ...);
struct uses_callback { char c; callback_t cb; callback_t cbs[2]; };

struct packed1 { char a; int b; short c; u64 d; } __attribute__((packed));
struct __attribute__((packed)) packed2 { char a; struct inner in; char b; };
struct packed_aligned { char a; int b; } __attribute__((packed, aligned(4)));
struct packed_member { char a; int b __attribute__((packed)); int c; };
struct aligned_member { char a; int b __attribute__((aligned(16))); char c __aligned(2); };
struct aligned_lower { char a; int b __attribute__((aligned(2))); };
struct packed_member_aligned { char a; int b __attribute__((aligned(2))); int c; } __packed;
struct aligned64 { int a; } __attribute__((aligned(64)));
struct holds_aligned { char a; struct aligned64 b; char c; };
struct packed_holds_aligned { char a; struct aligned64 b; char c; } __packed;
struct aligned_default { char a; } __attribute__((aligned));
struct aligned_c11 { char a; _Alignas(8) char b; _Alignas(double) char c; };
typedef u64 u64_a4 __attribute__((aligned(4)));
typedef int int_a16 __attribute__((aligned(16)));
typedef struct { char a; } __attribute__((packed, aligned(8))) attr_t;
struct uses_aligned_typedef { char a; u64_a4 b; char c; int_a16 d; attr_t e; };
#pragma pack(push, 1)
struct pragma1 { char a; int b; u64 c; };
struct pragma1_bits { char a; int b : 5; int c : 30; short d : 9; u64 e; };
#pragma pack(2)
struct pragma2 { char a; int b; u64 c; };
struct pragma2_bits { char a; int b : 5; int c : 30; int : 0; char d; };
#pragma pack(pop)
struct pragma0 { char a; int b; };

struct bits1 { unsigned a : 1, b : 2, c : 5; unsigned d : 24; unsigned e : 1; };
struct bits2 { char a; int b : 4; int c : 30; int d : 3; };
struct bits3 { int a : 3; int : 0; int b : 3; char c; int : 5; char d : 2; };
struct bits4 { char a : 4; short b : 9; int c : 17; long long d : 33; long long e : 40; };
struct bits5 { u64 a : 40; u64 b : 24; u64 c : 1; u64 d : 63; u64 e : 64; };
struct bits6 { bool a : 1; bool b : 1; u8 c : 7; u16 d : 15; };
struct bits7 { int a : 7; int b : 7; int c : 7; int d : 7; int e : 7; } __packed;
struct bits8 { char a; unsigned b : 20; unsigned c : 13; u64 d : 60; char e; } __packed;
struct bits9 { short a : 3; char b; short c : 12; char : 0; char d; };
struct bits10 { char a; long long : 0; char b; };
struct bits11 { char a; int : 0; };
struct bits12 { enum small a : 4; enum negative b : 8; enum tiny c : 8; enum huge_u d : 40; };
struct bits13 { char a; int b : 8 __attribute__((aligned(8))); int c : 4; };
struct bits14 { int a : 5; int b : 5 __attribute__((packed)); int c : 30 __attribute__((packed)); };
struct bits15 { char a; int : 7; };
struct bits16 { u64 a : 63; u32 b : 2; u8 c : 3; u64 d : 3; };
struct bits17 { char a[3]; u32 b : 9; };
struct bits18 { char a[3]; u64 b : 33; } __packed;
struct bits19 { u8 a : 3; u64 b : 62; u8 c : 7; } __packed;
union bits_union { int a : 3; int b : 20; u64 c : 33; int : 0; };
union bits_union_packed { int a : 3; u64 c : 33; } __packed;
struct bits_nested { struct { unsigned a : 3; unsigned b : 30; }; union { struct { u8 lo : 4, hi : 4; }; u8 both; }; };
struct bits_long { long a : 31; long b : 31; unsigned long c : 2; };
struct bits_char { char a : 7; char b : 7; unsigned char c : 7; signed char d : 1; };
