enum color { RED, GREEN = 5, BLUE = -2 };
struct point { short x, y; };
struct values {
	char name[8];
	signed char s8; unsigned char u8; short s16; unsigned short u16; int s32; unsigned u32; long long s64; unsigned long long u64;
	float f; double d; long double ld; bool yes; enum color color; void *ptr; long l; unsigned long ul;
	int b3 : 3; unsigned b7 : 7; int b30 : 30; unsigned long long b40 : 40; long long b24 : 24; bool flag : 1; enum color bcolor : 4;
	struct point p[2];
	union { unsigned any; struct { unsigned char lo, hi; }; };
	int matrix[2][2];
};
struct odd { char pad; unsigned a : 20; int b : 13; unsigned long long c : 61; char d; } __packed;
struct odd9 { unsigned char a : 3; unsigned long long b : 64; unsigned char c : 5; } __packed;
struct odd3 { unsigned a : 7; unsigned b : 17; } __packed;
