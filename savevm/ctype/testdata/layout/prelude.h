/* What the compiler has to be told and ctype knows. */
typedef unsigned char u8; typedef unsigned short u16; typedef unsigned int u32; typedef unsigned long long u64;
typedef signed char s8; typedef short s16; typedef int s32; typedef long long s64;
typedef u8 __u8; typedef u16 __u16; typedef u32 __u32; typedef u64 __u64;
typedef __SIZE_TYPE__ size_t; typedef __UINTPTR_TYPE__ uintptr_t; typedef __WCHAR_TYPE__ wchar_t;
typedef u8 uint8_t; typedef u16 uint16_t; typedef u32 uint32_t; typedef u64 uint64_t;
typedef s8 int8_t; typedef s16 int16_t; typedef s32 int32_t; typedef s64 int64_t;
#define bool _Bool
#define __packed __attribute__((packed))
#define __aligned(n) __attribute__((aligned(n)))
#define __user
#define __rcu
#define offsetof(t, m) __builtin_offsetof(t, m)
